import { AbortMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import { readFailedResponse } from '../../retry/read-failure.ts';

export interface UploadName {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
}

/** Aborts an upload and frees its parts, as one guarded operation. Aborting a missing upload is not an error. */
export function abortUpload(s3: S3Client, guard: Guard, { bucket, key, uploadId }: UploadName): Promise<void> {
  return runGuarded(guard, { operation: 'abort_upload', bucket, key }, (requests) =>
    requests.send(async ({ options }) => {
      try {
        await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }), options);
      } catch (error) {
        if (readFailedResponse(error).code !== 'NoSuchUpload') throw error;
      }
    }),
  );
}
