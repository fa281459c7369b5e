import { AbortMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import { readFailedResponse } from '../../retry/read-failure.ts';

export interface UploadName {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
}

/**
 * Aborts an upload and frees its parts, as one guarded operation.
 * @returns `missing` if the store knows no such upload. That is no error, and no proof either: a store that lists encoded
 * names answers so to an upload that it still has.
 */
export function abortUpload(
  s3: S3Client,
  guard: Guard,
  { bucket, key, uploadId }: UploadName,
): Promise<'aborted' | 'missing'> {
  return runGuarded(guard, { operation: 'abort_upload', bucket, key }, (requests) =>
    requests.send(async ({ options }) => {
      try {
        await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }), options);
        return 'aborted';
      } catch (error) {
        if (readFailedResponse(error).code !== 'NoSuchUpload') throw error;
        return 'missing';
      }
    }),
  );
}
