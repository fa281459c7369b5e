import { link, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { renameOver } from '../../files/rename-over.ts';
import { readSystemCode } from '../../files/system-error.ts';
import type { WritableFile } from '../open-file.ts';
import { isMount } from './can-only-write.ts';
import type { HowToReplace } from './replace-bytes.ts';
import { existsError } from './sink.ts';

interface Move {
  /** A temporary file that is complete and verified. */
  readonly from: string;
  readonly to: string;
}

interface HowToTake extends HowToReplace, Pick<WritableFile, 'rename'> {
  /** Keep a file that another program has created meanwhile. */
  readonly noClobber: boolean;
}

/** Makes a temporary file the target. @throws the system's error; BreakwaterError `exists`, `local_io` */
export async function takeTarget({ from, to }: Move, { noClobber, rename, ...how }: HowToTake): Promise<void> {
  const isElsewhere = dirname(resolve(from)) !== dirname(resolve(to));
  if (noClobber) await linkIfFree({ from, to }, rename);
  else if (isElsewhere || !(await tryRename({ from, to }, rename))) {
    // Rarely needed, so it is loaded then.
    const { replaceBytes } = await import('./replace-bytes.ts');
    await replaceBytes({ from, to }, how);
    await unlink(from);
  }
}

/** False if the target is a mount, which no name can replace. */
async function tryRename({ from, to }: Move, rename: WritableFile['rename']): Promise<boolean> {
  try {
    await renameOver(() => rename(from, to));
    return true;
  } catch (error) {
    if (isMount(error)) return false;
    throw error;
  }
}

/** Uses a link, which fails if the name exists; a rename would replace it. */
async function linkIfFree({ from, to }: Move, rename: WritableFile['rename']): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (readSystemCode(error) === 'EEXIST') throw existsError(to);
    // On a file system without links, the check at the start must suffice.
    await renameOver(() => rename(from, to));
    return;
  }
  await unlink(from);
}
