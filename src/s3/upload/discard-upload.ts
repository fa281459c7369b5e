import { AbortMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3';
import { after } from '../../abort.ts';
import type { Guard } from '../../guard/guard.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';
import { RequestWatch } from '../../http/request-watch.ts';
import { readFailedResponse } from '../../retry/read-failure.ts';
import type { UploadResumePoint } from './upload-request.ts';

/** How long the clean-up of a failed upload may take, in ms (circuit.md: at most 5 s, never hides the first error). */
const DISCARD_TIMEOUT_MS = 5_000;

/**
 * Aborts an upload of our own that is of no use, so that S3 frees its parts: outside circuit, retries, rate
 * limiter and the user's signal, in bounded time. It never throws: the first error must not be hidden.
 * @returns whether the upload is gone; otherwise a warning has been emitted
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
    await s3.send(command, options);
    return true;
  } catch (error) {
    if (readFailedResponse(error).code === 'NoSuchUpload') return true;
    const why = error instanceof Error ? error.message : String(error);
    emit({
      kind: 'warning',
      reason: 'upload_not_aborted',
      message: `parts of s3://${bucket}/${key} may be left behind: upload ${uploadId} could not be aborted (${why})`,
    });
    return false;
  }
}

/** Aborts what earlier processes have left of uploads to this object. What cannot be aborted stays for the next run. */
export async function discardStale(
  s3: S3Client,
  guard: Guard,
  { bucket, key, resume }: { readonly bucket: string; readonly key: string; readonly resume: UploadResumePoint },
): Promise<void> {
  for (const { uploadId, forget } of resume.stale) {
    if (await discardUpload(s3, guard, { bucket, key, uploadId })) await forget();
  }
}
