import { BreakwaterError } from '../../errors.ts';
import type { UploadResumePoint } from './upload-request.ts';

/** The object that an upload creates. */
interface UploadedObject {
  readonly bucket: string;
  readonly key: string;
}

/**
 * Called before an upload is completed, because only its owner may complete it.
 * @throws BreakwaterError `locked`
 */
export function assertStillOurs({ isOurs }: UploadResumePoint, { bucket, key }: UploadedObject): void {
  if (isOurs()) return;
  throw new BreakwaterError('locked', `put s3://${bucket}/${key}: another process has taken over this upload`, {
    details: { reason: 'taken_over', hint: 'that process is sending the rest: wait for it, or run the command again' },
  });
}

/**
 * Explains `NoSuchUpload` for an upload that existed: it was aborted or completed elsewhere, and the 404 does not mean
 * a wrong bucket or key. Any other error is returned unchanged.
 */
export function toAbortedError(error: unknown, { bucket, key }: UploadedObject): unknown {
  const isGone = error instanceof BreakwaterError && error.code === 'not_found' && isUploadGone(error);
  if (!isGone) return error;
  const message = `put s3://${bucket}/${key}: S3 no longer has the upload: it was aborted elsewhere`;
  return new BreakwaterError('unavailable', message, {
    cause: error,
    details: {
      ...error.details,
      reason: 'upload_aborted',
      hint: 'run the command again to send everything; look for a sweep, a lifecycle rule or another program that aborts uploads',
    },
  });
}

/** Whether S3 no longer has the upload or any of its parts. */
export function isUploadGone(error: unknown): boolean {
  return error instanceof BreakwaterError && error.details.s3Code === 'NoSuchUpload';
}
