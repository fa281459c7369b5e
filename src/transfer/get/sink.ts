import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { DownloadTarget, ObjectFacts, ResumePoint } from '../../s3/download/download-request.ts';
import { BreakwaterError } from '../../errors.ts';
import { lookUp } from '../../read-fields.ts';
import { explainSystemError, readSystemCode } from '../../files/system-error.ts';
import { findSystemPlace } from '../../files/system-place.ts';
import { canOnlyWrite } from './can-only-write.ts';

/** The output for one object. A null path is standard output; a stream is an existing pipe or device. */
export type FetchTarget =
  | { readonly path: string; readonly kind: 'absent' | 'file' | 'stream' }
  | { readonly path: null };

/** The local output for one object. Dispose it after `commit` or `abandon`. */
export interface LocalSink extends AsyncDisposable {
  /** The result of an earlier run, or null. */
  readonly resumePoint: ResumePoint | null;
  /** Called once the object is known. @throws BreakwaterError `local_create` */
  readonly open: (facts: ObjectFacts, how: { readonly isResumed: boolean }) => Promise<DownloadTarget>;
  /**
   * Call after the last byte. Makes the result visible.
   * @param modifiedMs modification time for the file; null for now
   * @throws BreakwaterError `local_io`, `exists`
   */
  readonly commit: (modifiedMs: number | null) => Promise<void>;
  /** Call after a failure. Keeps the bytes only if a later run can resume. @returns the error to report */
  readonly abandon: (error: unknown) => Promise<unknown>;
}

/**
 * Checks, before any request, that a file can be created at `path`: it is not a directory, and its nearest existing
 * parent is writable. Creates nothing.
 * @throws BreakwaterError `local_create`; `usage` for a name of the system that leads to a file
 */
export async function checkTarget(path: string): Promise<'absent' | 'file' | 'stream'> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true) throw cannotCreateError(path, 'it is a directory');
  // A pipe or device is written to, never replaced: `get s3://b/k /dev/null` must not delete /dev/null.
  if (found !== null && !found.isFile()) return 'stream';
  if (findSystemPlace(path) !== null) throw systemPlaceError(path);
  const above = await findAbove(dirname(resolve(path)), path);
  try {
    await access(above, constants.W_OK | constants.X_OK);
  } catch (error) {
    // Its bytes can be replaced, if not its name.
    if (found !== null && (await canOnlyWrite(path, error))) return 'file';
    throw cannotCreateError(path, explainRefusal(above, error), error);
  }
  return found === null ? 'absent' : 'file';
}

/**
 * Checks, before any request, that files can be created below a directory, which may still be missing. Creates nothing.
 * @throws BreakwaterError `local_create`
 */
export async function checkDirectoryTarget(directory: string): Promise<void> {
  const what = `files in ${directory}`;
  const above = await findAbove(resolve(directory), what);
  try {
    await access(above, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw cannotCreateError(what, explainRefusal(above, error), error);
  }
}

/**
 * Finds a directory, or the nearest one above it that exists.
 * @param what what cannot be created, for the error
 * @throws BreakwaterError `local_create` if a file is in its place
 */
async function findAbove(directory: string, what: string): Promise<string> {
  let above = directory;
  let found = await stat(above).catch(() => null);
  while (found === null && above !== dirname(above)) {
    above = dirname(above);
    found = await stat(above).catch(() => null);
  }
  // Before its permissions: those of a file do not matter.
  if (found?.isDirectory() === true) return above;
  throw cannotCreateError(what, `${above} is not a directory`);
}

/** The error of `--no-clobber`. */
export function existsError(path: string): BreakwaterError {
  return new BreakwaterError('exists', `${path} already exists`, {
    details: { hint: 'leave out --no-clobber to replace it' },
  });
}

/** A file would take the place of what every program looks for under that name, such as `/dev/stderr`. */
function systemPlaceError(path: string): BreakwaterError {
  return new BreakwaterError('usage', `${path} belongs to the system, and cannot be replaced by a file`, {
    details: { hint: 'use - for standard output, or name a file elsewhere' },
  });
}

export function cannotCreateError(what: string, why: string, cause?: unknown): BreakwaterError {
  return new BreakwaterError('local_create', `cannot create ${what}: ${why}`, {
    cause,
    details: {
      hint: lookUp(HINTS, readSystemCode(cause) ?? '') ?? 'choose another destination, or check its permissions',
    },
  });
}

/** What to do where the permissions are not at fault. */
const HINTS: Readonly<Record<string, string>> = {
  EROFS: 'choose another destination, or mount that file system for writing',
  ENOSPC: 'free some space or inodes, or choose another destination',
  EDQUOT: 'free some space of your quota, or choose another destination',
  ENAMETOOLONG: 'choose another destination, with a shorter name',
};

/** Why nothing can be written in a directory. */
function explainRefusal(directory: string, error: unknown): string {
  const code = readSystemCode(error);
  return code === 'EACCES' || code === 'EPERM'
    ? `no permission to write in ${directory}`
    : `${explainSystemError(error) ?? 'unknown error'} (${directory})`;
}
