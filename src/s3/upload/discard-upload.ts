import { AbortMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3';
import { after } from '../../abort.ts';
import type { Guard } from '../../guard/guard.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';
import { RequestWatch } from '../../http/request-watch.ts';
import { readFailedResponse } from '../../retry/read-failure.ts';
import { readDone } from '../protocol/read-done.ts';
import { namesGoneUpload } from './lost-upload.ts';
import type { UploadResumePoint } from './upload-request.ts';

/** Time limit for the clean-up of a failed upload, in ms (circuit.md: at most 5 s, never hides the first error). */
const DISCARD_TIMEOUT_MS = 5_000;

/**
 * Aborts a useless upload of ours, so that S3 frees its parts. Independent of the circuit, retries, rate limiter and
 * the user's signal, and bounded in time. Never throws, because it must not hide the first error.
 * @returns whether the upload is gone; if not, it has emitted a warning
 */
export async function discardUpload(
  s3: S3Client,
  { clock, settings, emit }: Guard,
  { bucket, key, uploadId }: { readonly bucket: string; readonly key: string; readonly uploadId: string },
): Promise<boolean> {
  const timeout = new AbortController();
  using _timer = after(clock, DISCARD_TIMEOUT_MS, () => timeout.abort());
  try {
    const options: WatchedOptions = { abortSignal: timeout.signal, watch: new RequestWatch(clock, settings) };
    const command = new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId });
    const isDone = readDone(command);
    await s3.send(command, options);
    if (!isDone()) throw new Error('the response does not confirm it');
    return true;
  } catch (error) {
    if (namesGoneUpload(readFailedResponse(error).code)) return true;
    const why = error instanceof Error ? error.message : String(error);
    emit({
      kind: 'warning',
      reason: 'upload_not_aborted',
      message: `parts of s3://${bucket}/${key} may remain: upload ${uploadId} could not be aborted (${why})`,
    });
    return false;
  }
}

/** Aborts stale uploads to this object. Those that cannot be aborted are left for the next run. */
export async function discardStale(
  s3: S3Client,
  guard: Guard,
  { bucket, key, resume }: { readonly bucket: string; readonly key: string; readonly resume: UploadResumePoint },
): Promise<void> {
  for (const { uploadId, forget } of resume.stale) {
    if (await discardUpload(s3, guard, { bucket, key, uploadId })) await forget();
  }
}
