import type { ActiveDownload, PieceCursor } from './active-download.ts';
import type { Piece } from './missing-ranges.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import type { Release, TakeChunk } from '../../http/direct-body.ts';

/** Unwritten bytes of one piece at which its body is paused. */
const PENDING_BYTES_MAX = 2 * 1024 * 1024;

interface PieceWriterOptions {
  /** Bytes of the response before the first missing one. */
  readonly skip: number;
  /** Bytes of the response; infinite if it does not state them. */
  readonly promised: number;
  /** Frees chunks that are no longer needed. */
  readonly release: Release;
}

/**
 * Writes the body of one response, of one piece or several, one write at a time, each with everything that has arrived since the last. A fast
 * body makes few large writes, and a slow one is written as it arrives.
 */
export class PieceWriter {
  readonly #active: ActiveDownload;
  readonly #cursor: PieceCursor;
  readonly #release: Release;
  #skipLeft: number;
  #promisedLeft: number;
  #taken: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> | null = null;
  #scheduled: NodeJS.Immediate | null = null;
  #isEnough = false;

  constructor(active: ActiveDownload, cursor: PieceCursor, { skip, promised, release }: PieceWriterOptions) {
    this.#active = active;
    this.#cursor = cursor;
    this.#release = release;
    this.#skipLeft = skip;
    this.#promisedLeft = promised;
    this.#taken = cursor.piece.at;
  }

  /** @throws TransferFault `not_s3` for a body that is longer than its response has stated */
  readonly take: TakeChunk = (chunk) => {
    this.#promisedLeft -= chunk.byteLength;
    // Possible only where chunks replace a length.
    if (this.#promisedLeft < 0) throw new TransferFault('not_s3', 'a body with more bytes than its range');
    return this.#isEnough ? 'enough' : this.#take(chunk);
  };

  #take(chunk: Uint8Array): ReturnType<TakeChunk> {
    const { piece } = this.#cursor;
    const fresh = chunk.subarray(Math.min(this.#skipLeft, chunk.byteLength));
    this.#skipLeft -= chunk.byteLength - fresh.byteLength;
    const wanted = fresh.subarray(0, Math.min(fresh.byteLength, piece.end - this.#taken));
    const isMore = wanted.byteLength < fresh.byteLength;
    const next = isMore ? this.#active.continueStream(this.#cursor) : null;
    // A copy, because a chunk is released once.
    const rest = next === null ? null : Uint8Array.from(fresh.subarray(wanted.byteLength));
    if (wanted.byteLength === 0) this.#release([chunk]);
    else {
      this.#taken += wanted.byteLength;
      this.#pending.push(wanted);
      this.#pendingBytes += wanted.byteLength;
      // In the next turn of the event loop, so that everything read in this one is written together.
      if (this.#writing === null) this.#scheduled ??= setImmediate(() => void this.#write());
    }
    if (next !== null && rest !== null) return this.#continueWith(next, rest);
    if (isMore) return 'enough';
    return this.#pendingBytes < PENDING_BYTES_MAX ? 'more' : this.#write();
  }

  /** Goes on to another piece of the same response. */
  async #continueWith(next: Piece, rest: Uint8Array): Promise<void> {
    await this.flush();
    const { piece } = this.#cursor;
    this.#active.finish(piece);
    this.#cursor.piece = next;
    this.#skipLeft = next.at - piece.end;
    this.#taken = next.at;
    await this.#active.ready(next);
    const reply = this.#take(rest);
    if (reply === 'enough') this.#isEnough = true;
    else if (reply !== 'more') await reply;
  }

  /** Whether the body has not come as far as the first missing byte. */
  get isBehind(): boolean {
    return this.#skipLeft > 0;
  }

  /** Resolves when everything taken has been written. */
  async flush(): Promise<void> {
    if (this.#pending.length > 0) await this.#write();
    else await this.#writing;
  }

  #write(): Promise<void> {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled);
    this.#scheduled = null;
    this.#writing ??= this.#writeAll();
    // Handled by the later await; this avoids an unhandled rejection.
    this.#writing.catch(() => undefined);
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#pending.length > 0) {
      const chunks = this.#pending;
      this.#pending = [];
      this.#pendingBytes = 0;
      await this.#active.write(this.#cursor.piece, chunks, this.#release);
    }
    this.#writing = null;
  }
}
