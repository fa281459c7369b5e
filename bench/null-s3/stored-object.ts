import { assertNever } from '../../src/errors.ts';
import { digestOf, digestPattern, type ChecksumName } from './digests.ts';
import type { PatternRun } from './pattern.ts';

/** What the server knows of an object: not its bytes. */
export interface StoredObject {
  readonly sizeBytes: number;
  /** With quotes. */
  readonly etag: string;
  readonly checksum: StoredChecksum | null;
  /** Where in the block its bytes begin; null where they were no part of the pattern, so that they cannot be read. */
  readonly phase: number | null;
  /** Bytes of each part; empty where it was put in one request. */
  readonly partSizes: readonly number[];
}

export interface StoredChecksum {
  readonly name: ChecksumName;
  /** In base64; a composite one ends with the number of parts. */
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

/**
 * How an object came to be, which decides what S3 tells of it: `put` in one request, with S3's default checksum; in `parts` of 8 MiB,
 * with that, too; as one part (`part1`) or with an `md5` alone, as stores without checksums do; with `none` at all; or with the named
 * checksum alone.
 */
const KINDS = ['put', 'none', 'md5', 'crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256', 'part1', 'parts'] as const;
export type ObjectKind = (typeof KINDS)[number];

/** Of an object of the kind `parts`: the default of aws and of this program. */
const PART_BYTES = 8 * 1024 * 1024;
/** Neither an MD5 nor the form of one of parts: no client holds the bytes against it, or asks for the parts. */
const OPAQUE_ETAG = '"synthetic-object"';
/** Sizes and kinds that are kept: a benchmark has a dozen. */
const KEPT_OBJECTS = 1000;

/** The kind that a tree's name ends with, `put` where it has none; null where there is no such kind. */
export function readKind(name: string | undefined): ObjectKind | null {
  return name === undefined ? 'put' : (KINDS.find((kind) => kind === name) ?? null);
}

const kept = new Map<string, StoredObject>();

/** The object of a size and kind. */
export function describeObject(sizeBytes: number, kind: ObjectKind): StoredObject {
  const id = `${sizeBytes} ${kind}`;
  const known = kept.get(id);
  if (known !== undefined) return known;
  if (kept.size >= KEPT_OBJECTS) kept.clear();
  const object = make(sizeBytes, kind);
  kept.set(id, object);
  return object;
}

function make(sizeBytes: number, kind: ObjectKind): StoredObject {
  const run = { phase: 0, sizeBytes };
  const plain = { sizeBytes, phase: 0, partSizes: [] };
  const full = (name: ChecksumName): StoredChecksum => ({
    name,
    value: digestPattern(name, run).toString('base64'),
    type: 'FULL_OBJECT',
  });
  switch (kind) {
    case 'put':
      return { ...plain, etag: md5Etag(run), checksum: full('crc64nvme') };
    case 'md5':
      return { ...plain, etag: md5Etag(run), checksum: null };
    case 'none':
      return { ...plain, etag: OPAQUE_ETAG, checksum: null };
    case 'part1':
      return { ...plain, etag: composeEtag(md5s([run])), checksum: null, partSizes: [sizeBytes] };
    case 'parts': {
      const runs = cut(sizeBytes);
      const partSizes = runs.map((part) => part.sizeBytes);
      return { ...plain, etag: composeEtag(md5s(runs)), checksum: full('crc64nvme'), partSizes };
    }
    case 'crc32':
    case 'crc32c':
    case 'crc64nvme':
    case 'sha1':
    case 'sha256':
      return { ...plain, etag: OPAQUE_ETAG, checksum: full(kind) };
    default:
      return assertNever(kind);
  }
}

/** The ETag of parts: the MD5 of their MD5s, and how many they were. */
export function composeEtag(partMd5s: readonly Buffer[]): string {
  return `"${digestOf('md5', partMd5s).toString('hex')}-${partMd5s.length}"`;
}

function md5Etag(run: PatternRun): string {
  return `"${digestPattern('md5', run).toString('hex')}"`;
}

function md5s(runs: readonly PatternRun[]): readonly Buffer[] {
  return runs.map((run) => digestPattern('md5', run));
}

/** Parts begin where a block begins, so all but the last are alike. */
function cut(sizeBytes: number): readonly PatternRun[] {
  const count = Math.max(1, Math.ceil(sizeBytes / PART_BYTES));
  return Array.from({ length: count }, (_, index) => ({
    phase: 0,
    sizeBytes: Math.min(PART_BYTES, sizeBytes - index * PART_BYTES),
  }));
}
