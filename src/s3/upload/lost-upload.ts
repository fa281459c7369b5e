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

/** How stores name an upload that does not exist: S3 and others; Ceph 16 in response to ListParts. */
const GONE: ReadonlySet<string> = new Set(['NoSuchUpload', 'NoSuchKey']);

/** Whether this code, in response to a request of an upload in parts, says that the upload does not exist. */
export function namesGoneUpload(code: string): boolean {
  return GONE.has(code);
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

/** Whether S3 no longer has the upload or any of its parts, given the error of an upload in parts. */
export function isUploadGone(error: unknown): boolean {
  return error instanceof BreakwaterError && namesGoneUpload(error.details.s3Code ?? '');
}

/**
 * How S3 refuses to complete an upload because of its parts (API reference, CompleteMultipartUpload); `BadDigest` if the
 * checksum of the whole does not match.
 */
const REFUSALS_OF_PARTS: ReadonlySet<string> = new Set([
  'InvalidPart',
  'InvalidPartOrder',
  'EntityTooSmall',
  'BadDigest',
]);

/** Whether S3 does not make an object of the parts that it has, given the error of completing an upload. */
export function refusesParts(error: unknown): boolean {
  return error instanceof BreakwaterError && REFUSALS_OF_PARTS.has(error.details.s3Code ?? '');
}

/**
 * Whether S3 refuses to list the parts of an upload, given the error of the listing: credentials may send and complete
 * parts without `s3:ListMultipartUploadParts`, and some stores cannot list them. What S3 says of the credentials
 * themselves, such as `ExpiredToken`, is not meant.
 */
export function refusesToListParts(error: unknown): boolean {
  if (!(error instanceof BreakwaterError)) return false;
  const { s3Code, httpStatus } = error.details;
  return error.code === 'rejected' || (httpStatus === 403 && s3Code === 'AccessDenied');
}
