import { AbortMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3';
import { readFailedResponse } from '../../retry/read-failure.ts';
import type { Guard } from '../../guard/guard.ts';
import { RequestWatch } from '../../http/request-watch.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';

/** How long the clean-up of a failed upload may take, in ms (circuit.md: at most 5 s, never hides the first error). */
const ABORT_TIMEOUT_MS = 5_000;

export interface UploadName {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
}

/**
 * Clean-up: outside circuit, retries and the user's signal, bounded, and never an error that is reported.
 * @returns whether the upload is gone; a warning has been given where it is not
 */
export async function abortUpload(s3: S3Client, guard: Guard, { bucket, key, uploadId }: UploadName): Promise<boolean> {
  const { clock, settings, emit } = guard;
  const timeout = new AbortController();
  void clock.sleep(ABORT_TIMEOUT_MS, timeout.signal).then(
    () => timeout.abort(),
    () => undefined,
  );
  try {
    const options: WatchedOptions = { abortSignal: timeout.signal, watch: new RequestWatch(clock, settings) };
    const command = new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId });
    goPastRateLimiter(command);
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
  } finally {
    timeout.abort();
  }
}

/**
 * Takes the SDK's retry step, and with it the rate limiter, out of the way of one command: where S3 has just said SlowDown to every
 * part, the limiter holds the next request back for longer than the clean-up may take, and the parts would stay.
 */
function goPastRateLimiter(command: AbortMultipartUploadCommand): void {
  command.middlewareStack.add((next) => next, {
    name: 'retryMiddleware',
    step: 'finalizeRequest',
    priority: 'high',
    override: true,
  });
}
