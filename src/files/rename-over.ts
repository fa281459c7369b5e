import { platform as ownPlatform } from 'node:process';
import { renameOnWindows } from '../systems/windows-rename.ts';

/** Renames a file over another one; on Windows, tries again while a program has it open. @throws the system's error */
export async function renameOver(rename: () => Promise<void> | void, platform = ownPlatform): Promise<void> {
  await (platform === 'win32' ? renameOnWindows(rename) : rename());
}
