import { clearImmediate, setImmediate } from 'node:timers';
import type { Piece } from './missing-ranges.ts';
import type { TakeChunk } from '../../http/direct-body.ts';

/** Bytes of one piece that may wait to be written before its body is paused. */
const PENDING_BYTES_MAX = 2 * 1024 * 1024;

interface WriterOptions {
  /** Bytes of the response that come before what is missing. */
  readonly skip: number;
  readonly writeAt: (chunks: readonly Uint8Array[], offset: number) => Promise<void>;
  /** Given what nobody needs, to let go of it. */
  readonly drop: (chunks: readonly Uint8Array[]) => void;
  /** Told of each write once the piece counts it. */
  readonly onWritten: (chunks: readonly Uint8Array[], offset: number) => void;
}

/**
 * Writes the body of one response behind its arrival: one write at a time, of all that has come meanwhile. So a fast body
 * makes few large writes, and a slow one is written as it comes.
 */
export class PieceWriter {
  readonly #piece: Piece;
  readonly #options: WriterOptions;
  #skipLeft: number;
  #taken: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | null = null;
  #turn: NodeJS.Immediate | null = null;

  constructor(piece: Piece, options: WriterOptions) {
    this.#piece = piece;
    this.#options = options;
    this.#skipLeft = options.skip;
    this.#taken = piece.at;
  }

  readonly take: TakeChunk = (chunk) => {
    const fresh = chunk.subarray(Math.min(this.#skipLeft, chunk.byteLength));
    this.#skipLeft -= chunk.byteLength - fresh.byteLength;
    const wanted = fresh.subarray(0, Math.min(fresh.byteLength, this.#piece.end - this.#taken));
    if (wanted.byteLength === 0) this.#options.drop([chunk]);
    else {
      this.#taken += wanted.byteLength;
      this.#pending.push(wanted);
      this.#pendingBytes += wanted.byteLength;
      // A turn of the loop later: what all reads of this one bring goes out together.
      if (this.#writing === null) this.#turn ??= setImmediate(() => void this.#write());
    }
    if (this.#taken === this.#piece.end && wanted.byteLength < fresh.byteLength) return 'enough';
    return this.#pendingBytes < PENDING_BYTES_MAX ? 'more' : this.#write();
  };

  /** Resolves when all that was taken has been written. */
  async flush(): Promise<void> {
    if (this.#pending.length > 0) await this.#write();
    else await this.#writing;
  }

  #write(): Promise<void> {
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#turn = null;
    this.#writing ??= this.#writeAll();
    // The failure is met where it is waited for.
    this.#writing.catch(() => undefined);
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#pending.length > 0) {
      const chunks = this.#pending;
      const bytes = this.#pendingBytes;
      this.#pending = [];
      this.#pendingBytes = 0;
      const offset = this.#piece.at;
      await this.#options.writeAt(chunks, offset);
      this.#piece.at += bytes;
      this.#options.onWritten(chunks, offset);
    }
    this.#writing = null;
  }
}
