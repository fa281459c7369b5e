import { glob, lstat, stat } from 'node:fs/promises';
import { BreakwaterError } from '../../errors.ts';
import { maskCredentials } from '../../mask-credentials.ts';
import { isMangled } from '../local-errors.ts';
import { openLocalFile } from './source-file.ts';

/** A named source, or a match of a pattern. */
export interface SourceRoot {
  readonly path: string;
  readonly isDirectory: boolean;
}

/** Node's patterns, the same as the shell's: `*`, `?`, `[...]`, `{a,b}` and `**`. */
const PATTERN = /[*?[{]/;

/** Stars in one name of a pattern: with more, Node's engine may need minutes for a single long name. */
const STARS_MAX = 4;

/**
 * The files and directories that the sources name. A source that does not exist but has pattern characters is expanded
 * as in a shell; its directories count only with `-r`, and never under `**`, which finds their files.
 *
 * Everything is checked before the first byte is sent.
 * @throws BreakwaterError `not_found`, `local_io`, `usage` (not a regular file, too many stars)
 */
export async function findSources(
  sources: readonly string[],
  { isRecursive }: { isRecursive: boolean },
): Promise<readonly SourceRoot[]> {
  const roots: SourceRoot[] = [];
  for (const source of sources) {
    if (source === '-') throw new BreakwaterError('usage', 'standard input can only be sent alone');
    if (PATTERN.test(source) && !(await exists(source))) roots.push(...(await expand(source, { isRecursive })));
    else roots.push(await statSource(source, { isRecursive }));
  }
  return roots;
}

async function statSource(path: string, { isRecursive }: { isRecursive: boolean }): Promise<SourceRoot> {
  const isDirectory = isRecursive && (await isDirectoryAt(path));
  // If the file cannot be read, opening it fails with the error to report.
  // A name that is not UTF-8 fails later, alone, because a shell's pattern has found it among others.
  const isFoundLater = isMangled(path) && !(await exists(path));
  if (!isDirectory && !isFoundLater) openLocalFile(path)[Symbol.dispose]();
  return { path, isDirectory };
}

async function expand(pattern: string, { isRecursive }: { isRecursive: boolean }): Promise<readonly SourceRoot[]> {
  refuseManyStars(pattern);
  const takesDirectories = isRecursive && !pattern.includes('**');
  const found: SourceRoot[] = [];
  for await (const path of glob(pattern)) {
    const isDirectory = await isDirectoryAt(path);
    if (!isDirectory || takesDirectories) found.push({ path, isDirectory });
  }
  if (found.length === 0) {
    throw new BreakwaterError('not_found', `nothing matches ${maskCredentials(pattern)}`, {
      details: { hint: 'check the pattern' },
    });
  }
  return found;
}

function refuseManyStars(pattern: string): void {
  const most = Math.max(...pattern.split('/').map((name) => name.split('*').length - 1));
  if (most <= STARS_MAX) return;
  throw new BreakwaterError('usage', `${maskCredentials(pattern)} has more than ${STARS_MAX} * in one name`, {
    details: { hint: 'without quotes, the shell expands the pattern' },
  });
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}

async function isDirectoryAt(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
