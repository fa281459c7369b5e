import { opendir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BreakwaterError } from '../errors.ts';
import { openFileSource } from './local-source.ts';

/** One file of several to send. */
export interface FoundFile {
  readonly path: string;
  /** What it is called below the destination: with slashes, whatever the system. */
  readonly name: string;
}

/**
 * The files of several sources: files by their own name, directories as all the files below them.
 * Every source itself is checked before the first one is returned; memory does not grow with the number of files.
 * @throws BreakwaterError `not_found`, `local_io`, `usage`
 */
export async function walkFiles(
  sources: readonly string[],
  { isRecursive }: { isRecursive: boolean },
): Promise<AsyncIterable<FoundFile>> {
  const roots: { path: string; isDirectory: boolean }[] = [];
  for (const path of sources) {
    if (path === '-') throw new BreakwaterError('usage', 'standard input can only be sent alone');
    const isDirectory = isRecursive && ((await stat(path).catch(() => null))?.isDirectory() ?? false);
    // Opening says whether it can be read, in the words of the error to come.
    if (!isDirectory) await (await openFileSource(path))[Symbol.asyncDispose]();
    roots.push({ path, isDirectory });
  }
  return walkRoots(roots);
}

async function* walkRoots(roots: readonly { path: string; isDirectory: boolean }[]): AsyncGenerator<FoundFile> {
  for (const { path, isDirectory } of roots) {
    if (isDirectory) yield* walkDirectory(path, '');
    else yield { path, name: basename(path) };
  }
}

/** Entries as the directory gives them. Links to directories are not followed: they may lead in a circle. */
async function* walkDirectory(directory: string, below: string): AsyncGenerator<FoundFile> {
  const entries = await opendir(directory).catch((error: unknown) => {
    throw new BreakwaterError('local_io', `cannot read directory ${directory}`, { cause: error });
  });
  for await (const entry of entries) {
    const path = join(directory, entry.name);
    const name = `${below}${entry.name}`;
    if (entry.isDirectory()) {
      yield* walkDirectory(path, `${name}/`);
      continue;
    }
    const isLinkToDirectory = entry.isSymbolicLink() && ((await stat(path).catch(() => null))?.isDirectory() ?? false);
    if (!isLinkToDirectory) yield { path, name };
  }
}
