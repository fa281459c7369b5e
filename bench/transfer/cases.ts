import type { ObjectKind } from '../null-s3/stored-object.ts';
import type { Work } from './clients.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** Something to transfer: one object, or a tree of files in directories of a hundred. */
export interface Case {
  readonly name: string;
  readonly kind: Work['kind'];
  readonly files: number;
  readonly fileBytes: number;
  /** How what is read was put there, and so what is told of it. @default 'put' */
  readonly object?: ObjectKind;
}

const SMALL_TREE = { files: 5000, fileBytes: 4 * KIB };
/** A tenth of the tree that the goals name, which is all that memory and two cores hold. */
const LARGE_TREE = { files: 1000, fileBytes: MIB };

export const CASES: readonly Case[] = [
  { name: 'put-1k', kind: 'put', files: 1, fileBytes: KIB },
  { name: 'put-256m', kind: 'put', files: 1, fileBytes: 256 * MIB },
  { name: 'put-1g', kind: 'put', files: 1, fileBytes: GIB },
  { name: 'put-tree', kind: 'put_tree', ...SMALL_TREE },
  { name: 'put-tree-1m', kind: 'put_tree', ...LARGE_TREE },
  { name: 'put-stdin', kind: 'put_stdin', files: 1, fileBytes: 256 * MIB },
  { name: 'put-stdin-1g', kind: 'put_stdin', files: 1, fileBytes: GIB },
  { name: 'get-1k', kind: 'get', files: 1, fileBytes: KIB },
  { name: 'get-256m', kind: 'get', files: 1, fileBytes: 256 * MIB },
  { name: 'get-1g', kind: 'get', files: 1, fileBytes: GIB },
  { name: 'get-1g-parts', kind: 'get', files: 1, fileBytes: GIB, object: 'parts' },
  { name: 'get-tree', kind: 'get_tree', ...SMALL_TREE },
  { name: 'get-tree-part1', kind: 'get_tree', ...SMALL_TREE, object: 'part1' },
  { name: 'get-tree-1m', kind: 'get_tree', ...LARGE_TREE },
  { name: 'get-stdout', kind: 'get_stdout', files: 1, fileBytes: 256 * MIB },
];

/** The cases of these names, in the order of `CASES`. */
export function findCases(names: readonly string[]): readonly Case[] {
  const unknown = names.find((name) => !CASES.some((one) => one.name === name));
  if (unknown === undefined) return CASES.filter(({ name }) => names.includes(name));
  throw new Error(`${unknown} is no case; there are ${CASES.map(({ name }) => name).join(', ')}`);
}

/** Whether a case has the size at which the start of the program is what counts. */
export function isTiny({ files, fileBytes }: Case): boolean {
  return files === 1 && fileBytes === KIB;
}

export function isTree({ kind }: Case): boolean {
  return kind === 'put_tree' || kind === 'get_tree';
}
