import { BreakwaterError } from '../../errors.ts';
import type { KnownObject } from './check-answer.ts';
import type { DownloadCheck } from './verify-download.ts';
import type { ByteSpan, MissingRanges, Piece } from './missing-ranges.ts';
import type { DownloadResult, FileTarget, ObjectAddress, ObjectFacts } from './download-request.ts';
import type { Release } from '../../http/direct-body.ts';
import { formatExpected, isOfOnePiece } from '../checksum/expected-checksum.ts';

export interface ActiveDownloadOptions {
  readonly address: ObjectAddress;
  readonly facts: ObjectFacts;
  /** What each further response must repeat. */
  readonly known: KnownObject;
  /** Offset of the wanted bytes in the object. */
  readonly base: number;
  readonly missing: MissingRanges;
  readonly target: FileTarget;
  /** The size that a listing stated, where the response stated none; null if unknown. */
  readonly listedBytes: number | null;
  /** Null if there is no checksum to compare with. */
  readonly check: DownloadCheck | null;
  /** Called with bytes that have been written; negative if they will be fetched again. */
  readonly onBytes: (bytes: number) => void;
  readonly pieceBytes: number;
  /** The store is known to ignore `Range`. */
  readonly isRangeIgnored: boolean;
}

/** The piece that a request is fetching, and the others after it if its response brings them, too. */
export interface PieceCursor {
  piece: Piece;
}

/** A download of a known object: the bytes so far, their target and their check. */
export class ActiveDownload {
  readonly facts: ObjectFacts;
  readonly known: KnownObject;
  readonly base: number;
  readonly #options: ActiveDownloadOptions;
  #movedBytes = 0;
  #isRangeIgnored: boolean;
  /** The request whose response is the whole object, and that brings all pieces if ranges are ignored; null for none. */
  #stream: PieceCursor | null = null;
  /** Known at the end even if the response did not state it. */
  #sizeBytes: number | null;

  constructor(options: ActiveDownloadOptions) {
    this.#options = options;
    this.facts = options.facts;
    this.known = options.known;
    this.base = options.base;
    this.#isRangeIgnored = options.isRangeIgnored;
    this.#sizeBytes = options.facts.sizeBytes;
  }

  get address(): ObjectAddress {
    return this.#options.address;
  }

  /** The least bytes to expect of an object whose response states no size; null if unknown. */
  get listedBytes(): number | null {
    return this.#options.listedBytes;
  }

  /** Every byte has arrived or is being fetched. */
  get isTaken(): boolean {
    return this.#options.missing.isTaken;
  }

  /** The next piece that is not being fetched yet, or null. */
  take(from = 0): Piece | null {
    // An object of unknown size cannot be requested by ranges.
    return this.#options.missing.take(this.facts.sizeBytes === null ? Infinity : this.#options.pieceBytes, from);
  }

  /** The remaining pieces; several consumers may share the generator. */
  *pieces(): Generator<Piece> {
    for (;;) {
      // One response brings everything.
      const piece = this.hasStream ? null : this.take();
      if (piece === null) return;
      yield piece;
    }
  }

  /** Whether a response brings all pieces that no other request is receiving. */
  get hasStream(): boolean {
    return this.#isRangeIgnored && this.#stream !== null;
  }

  /**
   * Call when a response has the whole object although a piece was requested: the store ignores `Range`. A request for
   * each piece would move the object once for each, so pieces that are not arriving yet are left to one response.
   * @returns the piece to receive from this response; null if another one brings it
   */
  noteRangeIgnored(piece: Piece): Piece | null {
    const { missing } = this.#options;
    if (this.facts.sizeBytes === null || missing.isLast(piece)) return piece;
    this.#isRangeIgnored = true;
    missing.releaseWaiting(this.#stream?.piece.at ?? 0);
    if (piece.state !== 'released') return piece;
    return this.#stream === null ? this.take() : null;
  }

  /** What is left for a request that has received its piece, if ranges are ignored. */
  takeRest(): Piece | null {
    return this.#isRangeIgnored && this.#stream === null ? this.take() : null;
  }

  /** Call with the request of a response that has the whole object. */
  openStream(cursor: PieceCursor): void {
    this.#stream ??= cursor;
  }

  /** The piece to receive next from this response; null if it is not needed any further. */
  continueStream(cursor: PieceCursor): Piece | null {
    if (this.#stream !== cursor) return null;
    const next = this.#isRangeIgnored ? this.take(cursor.piece.end) : null;
    if (next === null) this.closeStream(cursor);
    else next.state = 'receiving';
    return next;
  }

  closeStream(cursor: PieceCursor): void {
    if (this.#stream === cursor) this.#stream = null;
  }

  finish(piece: Piece): void {
    if (this.facts.sizeBytes === null) this.#sizeBytes = piece.at;
    this.#options.missing.finish(piece);
  }

  /** The rest of a piece, as a span of the object. */
  spanOf({ at, end }: Piece): ByteSpan {
    return { start: this.base + at, end: this.base + end };
  }

  /** Resolves when a piece may be requested. @throws the abort reason of the download */
  async ready(piece: Piece): Promise<void> {
    await this.#options.check?.ready();
    await this.#options.target.ready(piece.start);
  }

  /** Writes the next bytes of a piece. @param release called once their memory is no longer needed */
  async write(piece: Piece, chunks: readonly Uint8Array[], release: Release): Promise<void> {
    const { target, check, missing, onBytes } = this.#options;
    const offset = piece.at;
    await target.writeAt(chunks, offset, (written) => {
      check?.add(written, offset);
      release(written);
    });
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    piece.at += bytes;
    this.#movedBytes += bytes;
    onBytes(bytes);
    check?.advance(missing.frontier);
    target.onWritten?.(() => missing.covered());
  }

  /** Whether the check needs no request, so that it can run while an attempt holds its slot and permit. */
  get isCheckedAtOnce(): boolean {
    return this.#options.check?.isReady ?? true;
  }

  /** Call after the last byte. False if the bytes differ from the expected checksum. */
  async matches(): Promise<boolean> {
    return (await this.#options.check?.matches(this.#sizeBytes ?? 0)) ?? true;
  }

  /**
   * After the check: why it should be fetched again, or null. Nothing has confirmed bytes of an earlier run, where a
   * power loss may have left zeros; or a checksum differs that proves nothing.
   */
  get doubt(): 'unconfirmed' | 'differs' | null {
    const { resumedBytes, verifiedBy } = this.result;
    if (verifiedBy !== null) return null;
    if (resumedBytes > 0) return 'unconfirmed';
    // Only a file can take its bytes back.
    return this.#options.check?.isSuspect === true && this.#options.target.restart !== null ? 'differs' : null;
  }

  /** Whether its checksum is one of several parts. */
  get hasComposite(): boolean {
    const { expected } = this.facts;
    return expected !== null && !isOfOnePiece(expected);
  }

  /** Reports why the bytes stay unverified. Call at the end. */
  report(): void {
    this.#options.check?.report();
  }

  /** Call at the end. Resolves when the check sends no more requests. */
  async settle(): Promise<void> {
    await this.#options.check?.settle();
  }

  get result(): DownloadResult {
    const bytes = this.#sizeBytes ?? 0;
    const verifiedBy = this.#options.check?.verifiedBy ?? null;
    return { ...this.facts, bytes, resumedBytes: bytes - this.#movedBytes, verifiedBy };
  }

  /**
   * Discards all bytes, to fetch them again. The piece `kept` stays taken, and is fetched from its start.
   * @throws BreakwaterError `checksum_mismatch` if the target cannot discard bytes
   */
  async restart(kept?: Piece): Promise<void> {
    const { target, check, missing, onBytes } = this.#options;
    if (target.restart === null) {
      throw this.mismatchError('the output is corrupt: discard it and run the command again');
    }
    check?.restart();
    missing.restart(kept);
    await target.restart();
    onBytes(-this.#movedBytes);
    this.#movedBytes = 0;
  }

  mismatchError(
    hint = 'the data changed in transit: try again, and check the network path if this persists',
  ): BreakwaterError {
    const { bucket, key } = this.#options.address;
    return new BreakwaterError('checksum_mismatch', `get s3://${bucket}/${key}: ${this.mismatch}`, {
      details: { hint },
    });
  }

  get mismatch(): string {
    return describeMismatch(this.facts);
  }
}

export function describeMismatch({ expected }: Pick<ObjectFacts, 'expected'>): string {
  return `the data does not match S3's checksum (${expected === null ? 'size' : formatExpected(expected)})`;
}
