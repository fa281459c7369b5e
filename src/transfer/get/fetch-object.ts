import { dirname, resolve } from 'node:path';
import type { AskedRange, DownloadResult, ObjectFacts } from '../../s3/download/download-request.ts';
import type { ObjectStore } from '../../s3/object-store.ts';
import type { Slots } from '../../guard/slots.ts';
import { BreakwaterError, type ErrorCode } from '../../errors.ts';
import { ResumableDownload, identifyDownload, RESUMABLE_BYTES_MIN } from './resume-download.ts';
import { FileSink } from './file-sink.ts';
import type { LocalSink } from './sink.ts';
import type { PartialFiles } from './leftover-files.ts';
import { StreamSink } from './stream-sink.ts';
import { nameOf, type S3Location, type TransferContext } from '../transfer-context.ts';

const MIB = 1024 * 1024;

/** One request of a large object asks for so many bytes; so many of them are in flight. */
const FILE_PIECES = { pieceBytes: 16 * MIB, inFlight: 8 } as const;
/** Into a pipe: what comes early waits in memory. */
const STREAM_PIECES = { pieceBytes: 8 * MIB, inFlight: 4 } as const;

/** What a request for a file's piece holds in memory: what waits to be written, and the socket's buffers. */
const FILE_BUFFER_BYTES = 3 * MIB;

/** How the user wants objects fetched. */
export interface FetchOptions {
  /** Of the object; null for all of it. */
  readonly range: AskedRange | null;
  readonly versionId: string | null;
  /** A file that is there stays, and is an error. */
  readonly isNoClobber: boolean;
  /** Files are on the disk before they are done. */
  readonly isSynced: boolean;
  /** Large objects are gone on with after an interruption. */
  readonly isResumable: boolean;
  /** Files get the object's time of modification. */
  readonly isTimeKept: boolean;
  /** Null: planned. */
  readonly pieceBytes: number | null;
  /** Requests in flight over all objects; null: planned. */
  readonly concurrency: number | null;
}

/** Where one object goes: standard output is null, a stream is a pipe or device that is there. */
export type FetchTarget =
  | { readonly path: string; readonly kind: 'absent' | 'file' | 'stream' }
  | { readonly path: null };

/** What the fetches of one command share. */
export interface FetchContext {
  readonly store: ObjectStore;
  readonly slots: Slots;
  readonly partials: PartialFiles;
  /** Ids of resumable downloads that can be gone on with. */
  readonly resumable: ReadonlySet<string>;
  readonly options: FetchOptions;
  readonly context: TransferContext;
}

/** What ends a download although it can be gone on with. */
const RESUMABLE_AFTER: ReadonlySet<ErrorCode> = new Set(['interrupted', 'circuit_open', 'deadline', 'unavailable']);

export interface ObjectToFetch {
  readonly location: S3Location;
  readonly target: FetchTarget;
  readonly signal: AbortSignal;
  /** As a listing has told it; null where S3 was not asked yet. */
  readonly sizeBytes: number | null;
}

/** Fetches one object to its place, from where an earlier run has stopped if there was one. */
export async function fetchObject(
  stage: FetchContext,
  { location, target, signal, sizeBytes }: ObjectToFetch,
): Promise<DownloadResult> {
  const { context, options } = stage;
  const name = nameOf(location);
  const place = await openPlace(stage, location, target);
  let ok = false;
  try {
    const result = await stage.store.download({
      ...location,
      versionId: options.versionId,
      range: options.range,
      signal,
      resume: place.resumable?.resumePoint ?? null,
      ...planPieces({ target, sizeBytes }, options),
      queue: stage.slots.openQueue(),
      openTarget: async (facts, how) => {
        const resumedBytes = how.isResumed ? countBytes(place.resumable) : 0;
        const totalBytes = facts.sizeBytes === null ? null : facts.sizeBytes - resumedBytes;
        context.emit({ kind: 'transfer_started', name, totalBytes });
        return (await place.open(facts, how)).target;
      },
    });
    await place.sink?.commit(options.isTimeKept ? result.modifiedMs : null);
    await place.resumable?.forget();
    ok = true;
    return result;
  } catch (error) {
    throw await place.leave(error);
  } finally {
    context.emit({ kind: 'transfer_finished', name, ok });
  }
}

/** In how many requests an object is fetched, and what each holds in memory. */
export function planPieces(
  { target, sizeBytes }: Pick<ObjectToFetch, 'target' | 'sizeBytes'>,
  { pieceBytes, concurrency }: Pick<FetchOptions, 'pieceBytes' | 'concurrency'>,
) {
  const isFile = target.path !== null && target.kind !== 'stream';
  if (isFile) {
    const length = pieceBytes ?? FILE_PIECES.pieceBytes;
    const piecesInFlight = concurrency ?? FILE_PIECES.inFlight;
    return {
      pieceBytes: length,
      piecesInFlight,
      bufferBytes: Math.min(length, sizeBytes ?? Infinity, FILE_BUFFER_BYTES),
    };
  }
  // Pieces into a pipe are held in memory: what is asked for may make that less, never more.
  const length = Math.min(pieceBytes ?? Infinity, STREAM_PIECES.pieceBytes);
  const piecesInFlight = Math.min(concurrency ?? Infinity, STREAM_PIECES.inFlight);
  return { pieceBytes: length, piecesInFlight, bufferBytes: length };
}

function countBytes(resumable: ResumableDownload | null): number {
  return (resumable?.resumePoint?.covered ?? []).reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Where one object goes, opened once it is known what it is. */
interface Place {
  readonly resumable: ResumableDownload | null;
  readonly sink: LocalSink | null;
  readonly open: (facts: ObjectFacts, how: { isResumed: boolean }) => Promise<LocalSink>;
  /** After a failure: keeps what can be gone on with, removes everything else. @returns the error to report */
  readonly leave: (error: unknown) => Promise<unknown>;
}

async function openPlace(stage: FetchContext, location: S3Location, target: FetchTarget): Promise<Place> {
  const { context, options, partials } = stage;
  const { path } = target;
  if (path === null) return streamPlace(() => StreamSink.toStandardOutput(context.stdout));
  if (target.kind === 'stream') return streamPlace(() => StreamSink.toDevice(path));
  const sinkOptions = { noClobber: options.isNoClobber, isSynced: options.isSynced };
  const isWorthKeeping = options.isResumable && options.range === null;
  const { unfinished, circuit, clock } = context;
  const identify = (): string => identifyDownload({ circuit, ...location, versionId: options.versionId, path });
  const beginning = { unfinished, clock, path, sinkOptions };
  // Thousands of small objects must not pay for what only large ones have.
  const isFindable = isWorthKeeping && stage.resumable.size > 0 && stage.resumable.has(identify());
  const opened: { sink: LocalSink | null; resumable: ResumableDownload | null } = {
    sink: null,
    resumable: isFindable ? await ResumableDownload.find(identify(), beginning) : null,
  };
  return {
    get resumable() {
      return opened.resumable;
    },
    get sink() {
      return opened.sink;
    },
    open: async (facts, how) => {
      if (isWorthKeeping && (facts.sizeBytes ?? 0) >= RESUMABLE_BYTES_MIN) {
        opened.resumable ??= await ResumableDownload.begin(identify(), beginning);
      }
      const { sizeBytes } = facts;
      opened.sink =
        (await opened.resumable?.open(facts, how)) ??
        (await FileSink.create(path, {
          ...sinkOptions,
          sizeBytes,
          tag: await partials.tagFor(resolve(dirname(path))),
        }));
      return opened.sink;
    },
    leave: async (error) => {
      const { resumable: kept, sink } = opened;
      const isResumable = error instanceof BreakwaterError && RESUMABLE_AFTER.has(error.code);
      if (kept !== null && isResumable) return addResumeHint(error, await kept.saveForLater());
      await sink?.discard();
      // An object that is not there now may be there again: what was found of it stays.
      if (sink === null) await kept?.saveForLater();
      else await kept?.forget();
      return error;
    },
  };
}

function streamPlace(open: () => LocalSink): Place {
  const opened: { sink: LocalSink | null } = { sink: null };
  return {
    resumable: null,
    get sink() {
      return opened.sink;
    },
    open: async () => {
      opened.sink = open();
      return await Promise.resolve(opened.sink);
    },
    leave: async (error) => {
      await opened.sink?.discard();
      return error;
    },
  };
}

function addResumeHint(error: BreakwaterError, bytes: number): BreakwaterError {
  const kept = `run the command again to go on: ${Math.floor(bytes / MIB)} MiB are here`;
  const { hint } = error.details;
  return new BreakwaterError(error.code, error.message, {
    cause: error.cause,
    details: { ...error.details, hint: hint === undefined ? kept : `${hint}; ${kept}` },
  });
}
