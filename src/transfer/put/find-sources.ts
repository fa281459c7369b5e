import { glob, lstat, stat } from 'node:fs/promises';
import { BreakwaterError } from '../../errors.ts';
import { openLocalFile } from './source-file.ts';

/** A source as it was named, or as a pattern found it. */
export interface SourceRoot {
  readonly path: string;
  readonly isDirectory: boolean;
}

/** Node's own patterns, which are the shell's: `*`, `?`, `[...]`, `{a,b}` and `**`. */
const PATTERN = /[*?[{]/;

/**
 * The files and directories that the sources name. A source that is not there as such and has pattern characters is
 * expanded as a shell would; its directories count only with `-r`, and never under `**`, which finds their files.
 *
 * Everything is looked at before the first byte is sent.
 * @throws BreakwaterError `not_found`, `local_io`, `usage` (no regular file)
 */
export async function findSources(
  sources: readonly string[],
  { isRecursive }: { isRecursive: boolean },
): Promise<readonly SourceRoot[]> {
  const roots: SourceRoot[] = [];
  for (const source of sources) {
    if (source === '-') throw new BreakwaterError('usage', 'standard input can only be sent alone');
    if (PATTERN.test(source) && !(await isThere(source))) roots.push(...(await expand(source, { isRecursive })));
    else roots.push(await lookAt(source, { isRecursive }));
  }
  return roots;
}

async function lookAt(path: string, { isRecursive }: { isRecursive: boolean }): Promise<SourceRoot> {
  const isDirectory = isRecursive && (await isDirectoryAt(path));
  // Opening says whether it can be read, in the words of the error to come.
  if (!isDirectory) openLocalFile(path)[Symbol.dispose]();
  return { path, isDirectory };
}

async function expand(pattern: string, { isRecursive }: { isRecursive: boolean }): Promise<readonly SourceRoot[]> {
  const takesDirectories = isRecursive && !pattern.includes('**');
  const found: SourceRoot[] = [];
  for await (const path of glob(pattern)) {
    const isDirectory = await isDirectoryAt(path);
    if (!isDirectory || takesDirectories) found.push({ path, isDirectory });
  }
  if (found.length === 0) {
    throw new BreakwaterError('not_found', `nothing matches ${pattern}`, { details: { hint: 'check the pattern' } });
  }
  return found;
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}

async function isDirectoryAt(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
