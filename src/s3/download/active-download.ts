import { BreakwaterError } from '../../errors.ts';
import type { DownloadCheck } from './verify-download.ts';
import type { ByteSpan, MissingRanges, Piece } from './missing-ranges.ts';
import { InOrder } from './ordered-writer.ts';
import type { ObjectAddress, ObjectFacts, DownloadTarget } from './download-request.ts';
import { formatExpected } from '../checksum/expected-checksum.ts';

export interface ActiveDownloadOptions {
  readonly address: ObjectAddress;
  readonly facts: ObjectFacts;
  /** Where in the object the wanted bytes begin. */
  readonly base: number;
  readonly missing: MissingRanges;
  readonly target: DownloadTarget;
  /** Null where there is nothing to hold the bytes against. */
  readonly check: DownloadCheck | null;
  /** How far a pipe's pieces may run ahead. */
  readonly windowBytes: number;
  /** Told of bytes that have arrived for good; negative when they come again. */
  readonly onBytes: (bytes: number) => void;
}

/** Where chunks go, and how to let go of them once nobody needs them. */
export interface Written {
  readonly offset: number;
  readonly free: (chunks: readonly Uint8Array[]) => void;
}

/** A download whose object is known: what is here, where it goes, and what it is checked against. */
export class ActiveDownload {
  readonly facts: ObjectFacts;
  readonly base: number;
  readonly #options: ActiveDownloadOptions;
  readonly #missing: MissingRanges;
  readonly #check: DownloadCheck | null;
  readonly #inOrder: InOrder | null;
  #movedBytes = 0;
  /** Known in the end also where the head did not tell. */
  #sizeBytes: number | null;

  constructor(options: ActiveDownloadOptions) {
    const { facts, base, missing, target, windowBytes, check } = options;
    this.#options = options;
    this.facts = facts;
    this.base = base;
    this.#missing = missing;
    this.#sizeBytes = facts.sizeBytes;
    this.#check = check;
    this.#inOrder =
      target.kind === 'file'
        ? null
        : new InOrder(target, {
            windowBytes,
            onTaken: (bytes, offset) => check?.add([bytes], { offset, frontier: 0 }),
          });
  }

  get movedBytes(): number {
    return this.#movedBytes;
  }

  /** All of it is here or on its way. */
  get isTaken(): boolean {
    return this.#missing.isTaken;
  }

  /** The next piece that nobody has taken, or null. */
  take(lengthMax: number): Piece | null {
    // Without a known size nothing can be asked for by ranges.
    return this.#missing.take(this.facts.sizeBytes === null ? Infinity : lengthMax);
  }

  /** What is left, piece by piece; several may take from it. */
  *pieces(lengthMax: number): Generator<Piece> {
    for (let piece = this.take(lengthMax); piece !== null; piece = this.take(lengthMax)) yield piece;
  }

  finish(piece: Piece): void {
    if (this.facts.sizeBytes === null) this.#sizeBytes = piece.at;
    this.#missing.finish(piece);
  }

  /** Where a request for the rest of a piece begins and ends, in the object. */
  spanOf({ at, end }: Piece): ByteSpan {
    return { start: this.base + at, end: this.base + end };
  }

  async mayBegin(piece: Piece, signal: AbortSignal): Promise<void> {
    if (this.#inOrder === null) return;
    // The check holds what a pipe has taken until it knows the parts: no more than the first piece.
    await this.#check?.ready();
    await this.#inOrder.mayBegin(piece.start, signal);
  }

  readonly writeAt = async (chunks: readonly Uint8Array[], { offset, free }: Written): Promise<void> => {
    const { target, onBytes } = this.#options;
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    if (target.kind === 'file') await target.writeAt(chunks, offset);
    else await this.#inOrder?.writeAt(chunks, { offset, free });
    this.#movedBytes += bytes;
    onBytes(bytes);
  };

  /** After `piece.at` has moved. */
  noteWritten(chunks: readonly Uint8Array[], { offset, free }: Written): void {
    const { target } = this.#options;
    if (target.kind !== 'file') return;
    this.#check?.add(chunks, { offset, frontier: this.#missing.frontier });
    free(chunks);
    target.onWritten?.(() => this.#missing.covered());
  }

  /** Whether it can be checked without a request, so while an attempt holds its slot and its permit. */
  get isCheckedAtOnce(): boolean {
    return this.#check?.isReady ?? true;
  }

  /** What the bytes have been verified by, as JSON tells it; null where they have not been. */
  get verifiedBy(): string | null {
    return this.#check?.verifiedBy ?? null;
  }

  /** After the last byte: false where the bytes are not what S3 promised. */
  async matches(): Promise<boolean> {
    return (await this.#check?.matches(this.sizeBytes())) ?? true;
  }

  /** Resolves when nothing is asked of S3 any more. */
  async settle(): Promise<void> {
    await this.#check?.ready().catch(() => undefined);
  }

  sizeBytes(): number {
    return this.#sizeBytes ?? 0;
  }

  /**
   * Forgets what has arrived, to fetch it again; a piece that is `kept` goes on from its start.
   * @throws BreakwaterError `checksum_mismatch` where a pipe has taken it
   */
  async restart(kept?: Piece): Promise<void> {
    const { target, onBytes } = this.#options;
    if (target.kind === 'stream') {
      const hint = 'what was written to the output is not the object: discard it and run the command again';
      throw this.describeMismatch(hint);
    }
    this.#check?.restart();
    this.#missing.restart(kept);
    await target.restart();
    onBytes(-this.#movedBytes);
    this.#movedBytes = 0;
  }

  /** The error for bytes that differ from what was promised. */
  describeMismatch(hint?: string): BreakwaterError {
    const { bucket, key } = this.#options.address;
    return new BreakwaterError('checksum_mismatch', `get s3://${bucket}/${key}: ${this.mismatch}`, {
      details: { hint: hint ?? 'the bytes changed on their way: try again, and check the network path if it persists' },
    });
  }

  get mismatch(): string {
    const { promise } = this.facts;
    return `the bytes differ from what S3 promised (${promise === null ? 'size' : formatExpected(promise)})`;
  }
}
