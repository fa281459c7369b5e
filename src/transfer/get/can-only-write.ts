import { access, constants, lstat } from 'node:fs/promises';
import { platform as ownPlatform } from 'node:process';
import { BreakwaterError } from '../../errors.ts';
import { readSystemCode } from '../../files/system-error.ts';

/**
 * Whether a rename failed because the target is a mount of its own, as a file that a container gets from its host. On
 * Windows the same code means that another program has the file open, which must not see it half written.
 */
export function isMount(error: unknown, platform = ownPlatform): boolean {
  // rename(2): for a file, the name is a mount point.
  return platform !== 'win32' && readSystemCode(error) === 'EBUSY';
}

/**
 * Whether an error says that no file can be created beside the target, which exists and can be written to: a mounted file in a
 * read-only directory, or a file in a directory of another user.
 */
export async function canOnlyWrite(path: string, error: unknown): Promise<boolean> {
  const code = readSystemCode(error instanceof BreakwaterError ? error.cause : error);
  if (code !== 'EACCES' && code !== 'EROFS' && code !== 'EPERM') return false;
  try {
    await access(path, constants.W_OK);
    // A rename would replace a link; its target is another file.
    return (await lstat(path)).isFile();
  } catch {
    return false;
  }
}
