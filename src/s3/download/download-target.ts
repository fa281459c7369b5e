import type { ByteSpan } from './missing-ranges.ts';

/**
 * Where the bytes of a download go. What a method rejects with is a local fault (a `BreakwaterError`): final, and not
 * S3's.
 */
export type DownloadTarget = FileTarget | StreamTarget;

/** Takes bytes at their offset, in any order, several writes at a time. */
export interface FileTarget {
  readonly kind: 'file';
  readonly writeAt: (chunks: readonly Uint8Array[], offset: number) => Promise<void>;
  /** Reads back what was written, to check it. @returns how many bytes were there */
  readonly readAt: (buffer: Uint8Array, offset: number) => Promise<number>;
  /** Told after each write; `covered` says what has been written so far. */
  readonly onWritten?: (covered: () => readonly ByteSpan[]) => void;
  /** What was written is not the object: all of it comes again. */
  readonly restart: () => Promise<void>;
}

/** Takes bytes in order and for good, as a pipe does; resolves when they have been taken: the memory is used again. */
export interface StreamTarget {
  readonly kind: 'stream';
  readonly write: (bytes: Uint8Array) => Promise<void>;
}
