import type { ByteSpan } from './missing-ranges.ts';
import type { ExpectedChecksum, VerifiedBy } from '../checksum/expected-checksum.ts';
import type { SlotQueue } from '../../guard/slots.ts';
import type { ListedIdentity } from './listed-identity.ts';
import type { Release } from '../../http/direct-body.ts';

/** An object, or one version of it; null for the newest. */
export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | null;
}

/** A range as in HTTP: from `first` to `last`, inclusive (null for the end), or the last bytes. */
export type AskedRange =
  | { readonly kind: 'from'; readonly first: number; readonly last: number | null }
  | { readonly kind: 'last'; readonly bytes: number };

/** S3's description of an object, or of the requested part of it. */
export interface ObjectFacts {
  readonly etag: string;
  /** Size of the body; null if unknown. */
  readonly sizeBytes: number | null;
  /** Set by its writer (`x-amz-meta-mtime`, to the microsecond), else when it was stored; null if unknown. */
  readonly modifiedMs: number | null;
  /** Whether its writer set that time. */
  readonly isWritersTime: boolean;
  /** When it was stored, in whole seconds; null if unknown. */
  readonly lastModifiedMs: number | null;
  readonly contentType: string | null;
  readonly versionId: string | null;
  /** The expected checksum; null if S3 states none that we can verify. */
  readonly expected: ExpectedChecksum | null;
}

export interface DownloadRequest extends ObjectAddress {
  /** What a listing or a HEAD said about the whole object; the first response must agree, or prove a change. @default null */
  readonly listed?: ListedIdentity | null;
  /** Null for the whole object. */
  readonly range: AskedRange | null;
  /** Bytes per request, for a larger object. */
  readonly pieceBytes: number;
  /** Requests of this object in flight, at least 1. */
  readonly piecesInFlight: number;
  /** Memory of one of these requests. */
  readonly bufferBytes: number;
  /** The source of each request's slot, among all transfers of the command. */
  readonly queue: SlotQueue;
  /** The result of an earlier run, or null. Ignored if the object has changed, or S3 states no checksum for it. */
  readonly resume: ResumePoint | null;
  /** Aborts only this download, with its reason. With `takeWhole`, it must abort with the command, too. */
  readonly signal: AbortSignal;
  /** Takes a small object in place of a target. @default every object goes to a target */
  readonly takeWhole?: TakeWhole;
  /** Called after the first response, so that a missing object touches nothing local. */
  readonly openTarget: (object: ObjectFacts, how: { readonly isResumed: boolean }) => Promise<DownloadTarget>;
}

/** For an object that fits into memory. */
export interface TakeWhole {
  /** The largest object to take so, in bytes. */
  readonly bytesMax: number;
  /** Called at most once, with all bytes, which were compared with the checksum if there is one. */
  readonly take: (content: Uint8Array, facts: ObjectFacts) => Promise<void> | null;
}

/** The fetched parts of an object. */
export interface ResumePoint {
  readonly etag: string;
  readonly sizeBytes: number;
  readonly covered: readonly ByteSpan[];
}

export interface DownloadResult extends ObjectFacts {
  readonly bytes: number;
  /** How many of them an earlier run fetched. */
  readonly resumedBytes: number;
  /** The checksum that verified the bytes; null if none could. */
  readonly verifiedBy: VerifiedBy | null;
}

/** The output of a download. It rejects with a local `BreakwaterError`, which is permanent and not a failure of S3. */
export type DownloadTarget = FileTarget | StreamTarget;

/** Takes bytes at their offset, in any order, several writes at a time. */
export interface FileTarget {
  /**
   * Writes chunks, or queues them until those before them are written.
   * @param release called with the chunks once written; not after a failure
   */
  readonly writeAt: (chunks: readonly Uint8Array[], offset: number, release: Release) => Promise<void>;
  /** Resolves when bytes from `offset` on may be requested. */
  readonly ready: (offset: number) => Promise<void>;
  /**
   * Reads back written bytes, to verify them; null if the target cannot.
   * @returns the number of bytes read
   */
  readonly readBack: ((buffer: Uint8Array, offset: number) => Promise<number>) | null;
  /** The open file, from which other threads read back; absent or null if there is none. */
  readonly descriptor?: number | null;
  /** Called after each write; `covered` returns the spans written so far. */
  readonly onWritten?: (covered: () => readonly ByteSpan[]) => void;
  /** Discards all bytes before they are written again; null if the target cannot. */
  readonly restart: (() => Promise<void>) | null;
}

/** Takes bytes once and in order, as a pipe does. */
export interface StreamTarget {
  /** Resolves when the bytes have been consumed; only then is their memory reused. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
}
