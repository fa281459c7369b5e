import { RetryChainFailed } from '../../retry/retry-chain.ts';
import { MissingRanges } from './missing-ranges.ts';
import type { DownloadRequest, DownloadResult, ResumePoint } from './download-request.ts';
import { DownloadRun } from './fetch-pieces.ts';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import type { ObjectClient } from '../connection/direct-client.ts';

/**
 * Downloads one object as one guarded operation, bodies included. The first request brings the head and the first piece;
 * of a larger object the other pieces come by ranges of the same version (`If-Match`), several at a time, each with its
 * own retries. A body that is cut or stalls is asked for again from where it ended.
 * @throws BreakwaterError `object_changed` when it was replaced meanwhile, `checksum_mismatch` when it stays corrupt
 */
export async function downloadObject(
  s3: ObjectClient,
  guard: Guard,
  request: DownloadRequest,
): Promise<DownloadResult> {
  const { bucket, key } = request;
  return await runGuarded(guard, { operation: 'get_object', bucket, key }, async (requests) => {
    const stop = (): void => requests.stop(request.signal.reason);
    if (request.signal.aborted) stop();
    request.signal.addEventListener('abort', stop, { once: true });
    using _listening = { [Symbol.dispose]: () => request.signal.removeEventListener('abort', stop) };
    const download = (resume: ResumePoint | null): DownloadRun =>
      new DownloadRun({ s3, guard, requests, request: { ...request, resume } });
    if (request.resume === null) return await download(null).run();
    const resumed = download(leaveOneByte(request.resume));
    try {
      return await resumed.run();
    } catch (error) {
      // What is here is of another object: all of the new one is fetched.
      if (resumed.isActive || !saysChanged(error)) throw error;
      return await download(null).run();
    }
  });
}

function saysChanged(error: unknown): boolean {
  return error instanceof RetryChainFailed && error.failure.errorCode === 'object_changed';
}

/** A request needs something to ask for, also where nothing is missing: it proves that the object is still the same. */
function leaveOneByte(resume: ResumePoint): ResumePoint {
  const { sizeBytes, covered } = resume;
  if (new MissingRanges(sizeBytes, covered).frontier < sizeBytes) return resume;
  return { ...resume, covered: [{ start: 0, end: sizeBytes - 1 }] };
}
