import { open } from 'node:fs/promises';
import { platform as ownPlatform } from 'node:process';

/**
 * Makes the names in a directory durable. Windows refuses to flush a directory (EPERM), and NTFS keeps names in its own
 * journal.
 */
export async function syncDirectory(path: string, platform = ownPlatform): Promise<void> {
  if (platform === 'win32') return;
  await using directory = await open(path, 'r');
  await directory.sync();
}
