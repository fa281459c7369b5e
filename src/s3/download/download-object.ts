import { onAbort } from '../../abort.ts';
import type { ActiveDownload } from './active-download.ts';
import type { EtagTrust } from './etag-trust.ts';
import type { FactTrust } from './fact-trust.ts';
import type { DownloadRequest, DownloadResult } from './download-request.ts';
import { downloadWhole, planWhole } from './download-whole.ts';
import { explainArchive } from './archived-object.ts';
import { fetchFirst, fetchPiece } from './fetch-pieces.ts';
import type { Piece } from './missing-ranges.ts';
import type { DownloadOptions } from './verify-download.ts';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import { runPieces } from '../../guard/run-in-parallel.ts';
import type { DigestThreads } from '../checksum/thread/digest-threads.ts';
import type { ObjectClient } from '../connection/object-client.ts';

/**
 * Downloads one object as one guarded operation, bodies included. The first response describes the object and carries
 * the first piece. The other pieces are requested as ranges of the same version (`If-Match`), several at a time, each
 * with its own retries. A body that is cut off or stalls resumes where it ended.
 * @throws BreakwaterError `object_changed` if the object was replaced meanwhile, `checksum_mismatch` if it stays
 * corrupt
 */
export function downloadObject(
  { etagTrust, wholeTrust, ...shared }: Downloads,
  request: DownloadRequest,
): Promise<DownloadResult> {
  const { bucket, key, signal } = request;
  const target = { operation: 'get_object', bucket, key } as const;
  const whole = wholeTrust.isKept ? planWhole(request) : null;
  const work = async (requests: RequestRunner): Promise<DownloadResult> => {
    const options = { ...shared, requests, request };
    try {
      const result = whole === null ? null : await downloadWhole(options, whole);
      if (whole !== null) wholeTrust.note(result !== null);
      return result ?? (await downloadInPieces(options, etagTrust));
    } catch (error) {
      throw await explainArchive(options, error);
    }
  };
  if (whole !== null) return runGuarded(shared.guard, target, work, signal);
  return runGuarded(shared.guard, target, async (requests) => {
    using _stopping = onAbort(signal, (reason) => requests.stop(reason));
    return await work(requests);
  });
}

async function downloadInPieces(options: DownloadOptions, trust: EtagTrust): Promise<DownloadResult> {
  options.requests.separate();
  const known = Promise.withResolvers<ActiveDownload>();
  const first = fetchFirst(options, known.resolve);
  const active = await Promise.race([known.promise, first]);
  try {
    await fetchRest(options, active, first);
    await verify(options, active, trust);
    active.report();
    return active.result;
  } finally {
    await active.settle();
  }
}

/** What the downloads of one command share. */
export interface Downloads {
  readonly s3: ObjectClient;
  readonly guard: Guard;
  readonly etagTrust: EtagTrust;
  /** Whether the store's responses state where they end. */
  readonly wholeTrust: FactTrust;
  /** What digests large objects. @default this thread */
  readonly threads?: DigestThreads;
}

/** Checks the whole object, and fetches it once more if it is wrong, or if that may show more. */
async function verify(options: DownloadOptions, active: ActiveDownload, trust: EtagTrust): Promise<void> {
  if (!(await active.matches())) await fetchAgain(options, active, active.mismatch);
  else if (active.doubt === 'unconfirmed') {
    await fetchAgain(options, active, 'nothing confirms the bytes of an earlier run');
  } else {
    const isFetchedAgain = active.doubt === 'differs' && trust.isKept;
    // No warning, because a store may compose its ETags in another way.
    if (isFetchedAgain) await fetchAgain(options, active, null);
    if (active.hasComposite) trust.note({ isVerified: active.result.verifiedBy !== null, isFetchedAgain });
  }
}

/** Fetches the other pieces while `first` is still running; the first failure stops everything. */
async function fetchRest(options: DownloadOptions, active: ActiveDownload, first: Promise<unknown>): Promise<void> {
  const { requests, request } = options;
  // A small object has no other pieces.
  if (active.isTaken) {
    await first;
    return;
  }
  function* pieces(): Generator<Piece | null> {
    yield null;
    yield* active.pieces();
  }
  await runPieces(pieces(), { inFlight: request.piecesInFlight, requests }, async (piece) => {
    await (piece === null ? first : fetchPiece(options, active, piece));
  });
}

/**
 * Fetches everything once more, because a check of the whole does not show which piece is wrong.
 * @param why for a warning; null for none
 */
async function fetchAgain(options: DownloadOptions, active: ActiveDownload, why: string | null): Promise<void> {
  const { guard, request } = options;
  await active.restart();
  const name = `s3://${request.bucket}/${request.key}`;
  if (why === null) guard.emit({ kind: 'not_verified', name, why: `${active.mismatch}: fetching it again` });
  else guard.emit({ kind: 'warning', reason: 'corrupted_body', message: `${name}: ${why}: fetching it again` });
  await fetchRest(options, active, Promise.resolve());
  if (!(await active.matches())) throw active.mismatchError();
}
