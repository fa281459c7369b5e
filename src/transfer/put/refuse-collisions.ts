import { lstat, opendir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import type { KeyFilter } from '../../key-filter.ts';
import { readTag } from '../partial-name.ts';
import { DigestSet } from './digest-set.ts';
import type { SourceRoot } from './find-sources.ts';

/** Names to keep per level, 16 to 32 bytes each; further names are searched for in the other trees. */
const NAMES_MAX = 1_000_000;

/**
 * Rejects sources if two files would become the same object, because the survivor would be random.
 *
 * Trees are compared level by level, only below common directories. Memory does not grow with the number of files.
 * @throws BreakwaterError `usage`
 */
export async function refuseCollisions(
  roots: readonly SourceRoot[],
  { takes }: { readonly takes: KeyFilter },
): Promise<void> {
  if (roots.length < 2) return;
  const files = new Map<string, string>();
  for (const { path, isDirectory } of roots) {
    const name = basename(path);
    if (isDirectory || !takes(name)) continue;
    const other = files.get(name);
    if (other !== undefined) throw collisionError([other, path], name);
    files.set(name, path);
  }
  const directories = roots.filter(({ isDirectory }) => isDirectory).map(({ path }) => path);
  await compareLevel({ files, directories, below: '' }, takes);
}

/** Directories whose files get the same names below the destination. */
interface Level {
  /** Sources that are files, by name. */
  readonly files: ReadonlyMap<string, string>;
  readonly directories: readonly string[];
  /** The prefix of the names, ending with a slash; empty for the sources themselves. */
  readonly below: string;
}

async function compareLevel({ files, directories, below }: Level, takes: KeyFilter): Promise<void> {
  if (files.size + directories.length < 2) return;
  const names = new DigestSet(NAMES_MAX);
  const shared = new Set<string>();
  for (const [index, directory] of directories.entries()) {
    const others = directories.slice(0, index);
    for await (const { name, isDirectory } of readNames(directory)) {
      if (!isDirectory && !takes(`${below}${name}`)) continue;
      // A file and a directory with the same name do not collide: `a` and `a/b`.
      const text = isDirectory ? `${name}/` : name;
      const isLikely = names.has(text) || names.size >= NAMES_MAX;
      names.add(text);
      if (isDirectory && isLikely) shared.add(name);
      if (isDirectory || !(isLikely || files.has(name))) continue;
      const path = join(directory, name);
      const other = await findFile([files.get(name), ...others.map((one) => join(one, name))]);
      if (other !== null && (await isFileAt(path))) throw collisionError([other, path], `${below}${name}`);
    }
  }
  for (const name of shared) {
    const inner = await keepDirectories(directories.map((directory) => join(directory, name)));
    await compareLevel({ files: new Map(), directories: inner, below: `${below}${name}/` }, takes);
  }
}

/** The entries of a directory that can be sent; none if it is unreadable, which is reported later. */
async function* readNames(path: string): AsyncGenerator<{ name: string; isDirectory: boolean }> {
  const directory = await opendir(path).catch(() => null);
  if (directory === null) return;
  for await (const entry of directory) {
    const isDirectory = entry.isDirectory();
    // `walkTogether` passes over temporary files.
    if (isDirectory || readTag(entry.name) === null) yield { name: entry.name, isDirectory };
  }
}

async function findFile(paths: readonly (string | undefined)[]): Promise<string | null> {
  for (const path of paths) if (path !== undefined && (await isFileAt(path))) return path;
  return null;
}

async function isFileAt(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}

/** Links to directories are not followed below a source. */
async function keepDirectories(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(paths.map(async (path) => (await lstat(path).catch(() => null))?.isDirectory()));
  return paths.filter((_, index) => found[index] === true);
}

function collisionError([one, other]: readonly [string, string], name: string): BreakwaterError {
  return new BreakwaterError('usage', `${one} and ${other} would be the same object, named ${name}`, {
    details: { hint: 'send the directory above them with -r, or send each to its own key' },
  });
}
