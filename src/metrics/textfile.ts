import { randomBytes } from 'node:crypto';
import { open, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BreakwaterError } from '../errors.ts';
import { renameOver } from '../files/rename-over.ts';
import { explainSystemError, readSystemCode } from '../files/system-error.ts';
import { findSystemPlace } from '../files/system-place.ts';

/** About as much as the totals of a busy machine, in bytes. */
const TRIAL_BYTES = 64 * 1024;

/**
 * Whether `writeTextfile` could write there now: makes a temporary file of the same kind, and removes it.
 * @throws BreakwaterError `local_create`
 */
export async function tryTextfile(path: string): Promise<void> {
  const temporary = nameTemporary(path);
  try {
    await refuseOtherKinds(path);
    await writeNew(temporary, '0'.repeat(TRIAL_BYTES));
  } catch (error) {
    throw cannotWriteTextfile(path, error);
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

/**
 * Writes the text atomically for node_exporter's textfile collector, readable by everyone (0644). The temporary file is
 * in the same directory, and its name does not end in `.prom`, so the collector skips it.
 * @param mayReplace called once the text is on disk; if false, the existing file stays
 * @throws BreakwaterError `local_create`
 */
export async function writeTextfile(
  path: string,
  { text, mayReplace }: { readonly text: string; readonly mayReplace: () => boolean },
): Promise<void> {
  const temporary = nameTemporary(path);
  try {
    await refuseOtherKinds(path);
    await writeNew(temporary, text);
    // Checked last, so that a process stopped here cannot replace newer totals with old ones.
    await (mayReplace() ? renameOver(async () => await rename(temporary, path)) : unlink(temporary));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw cannotWriteTextfile(path, error);
  }
}

/** A rename would replace a pipe or device with a file, and its reader would wait forever. */
async function refuseOtherKinds(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  // A link such as /dev/stdout can lead to a file, and must stay.
  if ((found === null || found.isFile()) && findSystemPlace(path) !== null)
    throw new Error('it belongs to the system, and cannot be replaced by a file');
  if (found === null || found.isFile()) return;
  throw new Error(found.isDirectory() ? 'it is a directory' : 'it is a pipe or device, and the collector reads files');
}

function nameTemporary(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o644);
  try {
    // The umask may have removed permissions that the collector needs.
    await file.chmod(0o644);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

const HINTS: Readonly<Record<string, string>> = {
  // rename(2): the name is a mount point, such as a file that a container gets from its host. If it were written in place,
  // a collector could read half of it.
  EBUSY: 'it is a mount of its own, which cannot be replaced: mount its directory instead',
  ENOSPC: 'free some space or inodes there',
  EDQUOT: 'free some space or inodes there',
};

function cannotWriteTextfile(path: string, error: unknown): BreakwaterError {
  const why = explainSystemError(error) ?? (error instanceof Error ? error.message : String(error));
  return new BreakwaterError('local_create', `the metrics could not be written to ${path}: ${why}`, {
    cause: error,
    details: {
      reason: 'textfile',
      hint: HINTS[readSystemCode(error) ?? ''] ?? 'name a file; its directory must exist and be writable',
    },
  });
}
