import type { ByteSpan } from './missing-ranges.ts';
import type { ExpectedChecksum } from '../checksum/expected-checksum.ts';
import type { SlotQueue } from '../../guard/slots.ts';

/** An object, and one of its versions; null for the newest. */
export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | null;
}

/** Part of an object as in HTTP: from `first` to `last`, inclusive, null for the end; or its last bytes. */
export type AskedRange =
  | { readonly kind: 'from'; readonly first: number; readonly last: number | null }
  | { readonly kind: 'last'; readonly bytes: number };

/** What S3 states about an object, or about the requested part of it. */
export interface ObjectFacts {
  readonly etag: string;
  /** Size of the body; null if unknown. */
  readonly sizeBytes: number | null;
  /** From its writer (`x-amz-meta-mtime`, to the microsecond), else when it was stored; null for neither. */
  readonly modifiedMs: number | null;
  /** Whether that time is from its writer. */
  readonly isWritersTime: boolean;
  readonly contentType: string | null;
  readonly versionId: string | null;
  /** The expected checksum; null if S3 states none that we can check. */
  readonly promise: ExpectedChecksum | null;
}

export interface DownloadRequest extends ObjectAddress {
  /** The part of the object to fetch; null for all of it. */
  readonly range: AskedRange | null;
  /** Bytes of one request of a larger object. */
  readonly pieceBytes: number;
  /** Requests of this object in flight, at least 1. */
  readonly piecesInFlight: number;
  /** What one of them holds in memory. */
  readonly bufferBytes: number;
  /** Where each request gets its slot among all transfers of the command. */
  readonly queue: SlotQueue;
  /** What an earlier run left; null for nothing. Ignored if the object has changed, or S3 states no checksum of it. */
  readonly resume: ResumePoint | null;
  /** Ends this download alone, with its reason. */
  readonly signal: AbortSignal;
  /** Called after the first response: nothing local is touched for a missing object. */
  readonly openTarget: (object: ObjectFacts, how: { readonly isResumed: boolean }) => Promise<DownloadTarget>;
}

/** What has been fetched of an object. */
export interface ResumePoint {
  readonly etag: string;
  readonly sizeBytes: number;
  readonly covered: readonly ByteSpan[];
}

export interface DownloadResult extends ObjectFacts {
  readonly bytes: number;
  /** Of those, the bytes of an earlier run. */
  readonly resumedBytes: number;
  /** The checksum that the bytes were verified by; null if there was none that we can check. */
  readonly verifiedBy: string | null;
}

/** Where the bytes of a download go. A rejection is a local error (a `BreakwaterError`): final, and no failure of S3. */
export type DownloadTarget = FileTarget | StreamTarget;

/** Frees chunks whose memory may be used again. */
export type Release = (chunks: readonly Uint8Array[]) => void;

/** Takes bytes at their offset, in any order, several writes at a time. */
export interface FileTarget {
  /**
   * Writes chunks, or accepts them to be written as soon as those before them have been.
   * @param release called with them once they have been written; not after a failure
   */
  readonly writeAt: (chunks: readonly Uint8Array[], offset: number, release: Release) => Promise<void>;
  /** Resolves when bytes from `offset` on may be requested. */
  readonly ready: (offset: number) => Promise<void>;
  /**
   * Reads back what was written, to verify it; null if the target cannot.
   * @returns how many bytes were there
   */
  readonly readBack: ((buffer: Uint8Array, offset: number) => Promise<number>) | null;
  /** Called after each write; `covered` returns what has been written so far. */
  readonly onWritten?: (covered: () => readonly ByteSpan[]) => void;
  /** Discards what was written, because all of it will be written again; null if the target cannot. */
  readonly restart: (() => Promise<void>) | null;
}

/** Takes bytes once and in order, as a pipe does. */
export interface StreamTarget {
  /** Resolves when the bytes have been taken; only then is their memory used again. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
}
