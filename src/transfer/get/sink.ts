import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { DownloadTarget, ObjectFacts, ResumePoint } from '../../s3/download/download-request.ts';
import { BreakwaterError } from '../../errors.ts';

/** Where one object goes: standard output is null, a stream is an existing pipe or device. */
export type FetchTarget =
  | { readonly path: string; readonly kind: 'absent' | 'file' | 'stream' }
  | { readonly path: null };

/** Where the bytes of one object go on this machine. Disposed of after `commit` or `abandon`. */
export interface LocalSink extends AsyncDisposable {
  /** What an earlier run left of it; null if nothing. */
  readonly resumePoint: ResumePoint | null;
  /** Called once the object is known. @throws BreakwaterError `local_create` */
  readonly open: (facts: ObjectFacts, how: { readonly isResumed: boolean }) => Promise<DownloadTarget>;
  /**
   * After the last byte: makes the result visible.
   * @param modifiedMs time of last modification for the file; null for now
   * @throws BreakwaterError `local_io`, `exists`
   */
  readonly commit: (modifiedMs: number | null) => Promise<void>;
  /** After a failure: keeps what a later run can resume, and removes the rest. @returns the error to report */
  readonly abandon: (error: unknown) => Promise<unknown>;
}

/**
 * Checks, before S3 is asked, that a file can be created at `path`: there is no directory of that name, and the nearest
 * existing directory above can be written to. Creates nothing.
 * @throws BreakwaterError `local_create`
 */
export async function checkTarget(path: string): Promise<'absent' | 'file' | 'stream'> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true) throw cannotCreateError(path, 'there is a directory of that name');
  // A pipe or a device is written to, never replaced: `get s3://b/k /dev/null` must not delete /dev/null.
  if (found !== null && !found.isFile()) return 'stream';
  let above = dirname(resolve(path));
  while ((await stat(above).catch(() => null)) === null && above !== dirname(above)) above = dirname(above);
  try {
    await access(above, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw cannotCreateError(path, `no permission to write in ${above}`, error);
  }
  if (!(await stat(above)).isDirectory()) throw cannotCreateError(path, `${above} is not a directory`);
  return found === null ? 'absent' : 'file';
}

/** The error of `--no-clobber`. */
export function existsError(path: string): BreakwaterError {
  return new BreakwaterError('exists', `${path} exists already`, {
    details: { hint: 'leave out --no-clobber to replace it' },
  });
}

export function cannotCreateError(path: string, why: string, cause?: unknown): BreakwaterError {
  return new BreakwaterError('local_create', `cannot create ${path}: ${why}`, {
    cause,
    details: { hint: 'choose another destination, or check its permissions' },
  });
}
