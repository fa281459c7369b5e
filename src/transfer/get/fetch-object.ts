import type { DownloadResult } from '../../s3/download/download-request.ts';
import type { ListedIdentity } from '../../s3/download/listed-identity.ts';
import type { FetchContext, FetchOptions } from './fetch-context.ts';
import { FileOutput } from './file-output.ts';
import { countBytes } from './resume-download.ts';
import type { FetchTarget, LocalSink } from './sink.ts';
import { StreamOutput } from './stream-output.ts';
import { nameOf, type S3Location } from '../transfer-context.ts';

const MIB = 1024 * 1024;

/** Size and number of requests in flight for a large object. */
const FILE_PIECES = { pieceBytes: 16 * MIB, inFlight: 8 } as const;
/** Smaller for a pipe, where bytes that arrive early wait in memory. */
const STREAM_PIECES = { pieceBytes: 8 * MIB, inFlight: 4 } as const;

/** Memory of a request for a file's piece: unwritten bytes and the socket's buffers. */
const FILE_BUFFER_BYTES = 3 * MIB;

export interface ObjectToFetch {
  readonly location: S3Location;
  readonly target: FetchTarget;
  readonly signal: AbortSignal;
  /** What a listing or a HEAD said about it; null for nothing. */
  readonly listed: ListedIdentity | null;
}

/** Fetches one object, and resumes where an earlier run stopped. @throws BreakwaterError */
export async function fetchObject(
  context: FetchContext,
  { location, target, signal, listed }: ObjectToFetch,
): Promise<DownloadResult> {
  const { options, store, slots, emit } = context;
  const name = nameOf(location);
  await using output = await chooseOutput(context, { location, target, signal });
  let ok = false;
  try {
    const result = await store.download({
      ...location,
      versionId: options.versionId,
      range: options.range,
      signal,
      resume: output.resumePoint,
      listed,
      ...planPieces({ target, sizeBytes: listed?.sizeBytes ?? null }, options),
      queue: slots.openQueue(),
      openTarget: (facts, how) => {
        const resumedBytes = how.isResumed ? countBytes(output.resumePoint?.covered ?? []) : 0;
        const totalBytes = facts.sizeBytes === null ? null : facts.sizeBytes - resumedBytes;
        emit({ kind: 'transfer_started', name, totalBytes });
        return output.open(facts, how);
      },
    });
    await output.commit(options.isTimeKept ? result.modifiedMs : null);
    ok = true;
    return result;
  } catch (error) {
    throw await output.abandon(error);
  } finally {
    emit({ kind: 'transfer_finished', name, ok });
  }
}

/** The size, number and memory of an object's requests. */
export function planPieces(
  { target, sizeBytes }: Pick<ObjectToFetch, 'target'> & { readonly sizeBytes: number | null },
  { pieceBytes, concurrency }: Pick<FetchOptions, 'pieceBytes' | 'concurrency'>,
) {
  const isFile = target.path !== null && target.kind !== 'stream';
  if (isFile) {
    const length = pieceBytes ?? FILE_PIECES.pieceBytes;
    const piecesInFlight = concurrency ?? FILE_PIECES.inFlight;
    const bufferBytes = Math.min(length, sizeBytes ?? Infinity, FILE_BUFFER_BYTES);
    return { pieceBytes: length, piecesInFlight, bufferBytes };
  }
  // Pieces for a pipe are held in memory, so the user can lower the limits but not raise them.
  const length = Math.min(pieceBytes ?? Infinity, STREAM_PIECES.pieceBytes);
  const piecesInFlight = Math.min(concurrency ?? Infinity, STREAM_PIECES.inFlight);
  return { pieceBytes: length, piecesInFlight, bufferBytes: length };
}

async function chooseOutput(
  context: FetchContext,
  { location, target, signal }: Omit<ObjectToFetch, 'listed'>,
): Promise<LocalSink> {
  const { path } = target;
  if (path === null) return StreamOutput.toStandardOutput(context.stdout, signal);
  if (target.kind === 'stream') return await StreamOutput.toDevice(path, { clock: context.clock, signal });
  return await FileOutput.prepare(context, location, { path, isReplacing: target.kind === 'file' });
}
