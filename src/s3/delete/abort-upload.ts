import { AbortMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import { readFailedResponse } from '../../retry/read-failure.ts';
import { readDone } from '../protocol/read-done.ts';

export interface UploadName {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
}

/**
 * `missing`: the store knows no such upload. `unconfirmed`: it answers in another form than S3's. Neither is an error, and
 * neither is a proof: a store that lists encoded names finds no upload that it still has.
 */
export type AbortEnd = 'aborted' | 'missing' | 'unconfirmed';

/**
 * Aborts an upload and frees its parts, as one guarded operation. A page with a success status is no answer of S3 (`not_s3`).
 */
export function abortUpload(s3: S3Client, guard: Guard, { bucket, key, uploadId }: UploadName): Promise<AbortEnd> {
  return runGuarded(guard, { operation: 'abort_upload', bucket, key }, (requests) =>
    requests.send(async ({ options }) => {
      try {
        const command = new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId });
        const isDone = readDone(command);
        await s3.send(command, options);
        return isDone() ? 'aborted' : 'unconfirmed';
      } catch (error) {
        if (readFailedResponse(error).code !== 'NoSuchUpload') throw error;
        return 'missing';
      }
    }),
  );
}
