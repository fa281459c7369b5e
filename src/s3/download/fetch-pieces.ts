import type { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { TransferFault } from '../../retry/transfer-fault.ts';
import {
  usingBody,
  assertSameObject,
  askFor,
  countSkipped,
  formatAskedRange,
  formatSpan,
  readFacts,
  readSpan,
  type Asked,
} from './get-response.ts';
import { ActiveDownload } from './active-download.ts';
import { DirectBody, readBody } from '../../http/direct-body.ts';
import { MissingRanges, type Piece } from './missing-ranges.ts';
import type { DownloadResult, ObjectFacts } from './download-request.ts';
import { PieceWriter } from './piece-writer.ts';
import type { ObjectResponse } from '../connection/direct-response.ts';
import { openCheck, type DownloadOptions } from './verify-download.ts';
import type { Attempt } from '../../guard/request-runner.ts';
import { runPieces } from '../../guard/run-in-parallel.ts';

/** One object on its way. */
export class DownloadRun {
  readonly #options: DownloadOptions;
  readonly #head = Promise.withResolvers<void>();
  #active: ActiveDownload | null = null;

  constructor(options: DownloadOptions) {
    this.#options = options;
  }

  get isActive(): boolean {
    return this.#active !== null;
  }

  async run(): Promise<DownloadResult> {
    try {
      await this.#fetchAll(this.#fetchFirst());
      const active = this.#require();
      if (!(await active.matches())) {
        // Which piece it was cannot be told: all of them once more, once.
        await active.restart();
        this.#warnOfMismatch(active);
        await this.#fetchAll(Promise.resolve());
        if (!(await active.matches())) throw active.describeMismatch();
      }
      const bytes = active.sizeBytes();
      const { facts, movedBytes, verifiedBy } = active;
      return { ...facts, bytes, resumedBytes: bytes - movedBytes, verifiedBy };
    } finally {
      await this.#active?.settle();
    }
  }

  /** Fetches what is missing, next to `first`; the one that fails first stops the others. */
  async #fetchAll(first: Promise<void>): Promise<void> {
    const { requests, request } = this.#options;
    await Promise.race([this.#head.promise, first]);
    const active = this.#require();
    // A small object came with the first request: nothing is left to share out.
    if (active.isTaken) return await first;
    const pieces = active.pieces(request.pieceBytes);
    const fetch = async (piece: Piece): Promise<void> => await this.#fetch(piece);
    const lane = async (): Promise<void> => {
      try {
        await first;
        for (const piece of pieces) await fetch(piece);
      } catch (error) {
        requests.stop(error);
        throw error;
      }
    };
    const others = runPieces(pieces, { inFlight: request.piecesInFlight - 1, requests }, fetch);
    const ends = await Promise.allSettled([lane(), others]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** Learns what the object is, and fetches its first missing piece by the same request. */
  async #fetchFirst(): Promise<void> {
    const { requests, request } = this.#options;
    using _slot = await request.queue.take(request.bufferBytes, requests.signal);
    const first: { piece: Piece | null } = { piece: null };
    await requests.send({ isDataBearing: true }, async (attempt) => {
      if (this.#active === null) await this.#receiveFirst(attempt, first);
      else if (first.piece !== null) await this.#receive(first.piece, attempt);
    });
    if (first.piece !== null) this.#require().finish(first.piece);
  }

  async #receiveFirst(attempt: Attempt, first: { piece: Piece | null }): Promise<void> {
    const { resume, range, pieceBytes } = this.#options.request;
    const rest = resume === null ? null : new MissingRanges(resume.sizeBytes, resume.covered).take(pieceBytes);
    const asked = rest === null ? range && formatAskedRange(range) : formatSpan(rest);
    const response = await this.#ask({ range: asked, etag: resume?.etag ?? null }, attempt);
    await usingBody(response, async ({ head, body }) => {
      const active = await this.#begin(head);
      first.piece = active.take(pieceBytes);
      this.#head.resolve();
      if (first.piece !== null) await this.#read(body, { head, active, piece: first.piece });
    });
  }

  async #fetch(piece: Piece): Promise<void> {
    const { requests, request } = this.#options;
    const active = this.#require();
    await active.mayBegin(piece, requests.signal);
    using _slot = await request.queue.take(request.bufferBytes, requests.signal);
    await requests.send({ isDataBearing: true }, async (attempt) => await this.#receive(piece, attempt));
    active.finish(piece);
  }

  async #receive(piece: Piece, attempt: Attempt): Promise<void> {
    const active = this.#require();
    const { etag, sizeBytes } = active.facts;
    // All of it once more is asked for as the first time: a range of nothing is an error.
    const isAll = piece.at === 0 && piece.end === (sizeBytes ?? Infinity) && this.#options.request.range === null;
    const range = isAll ? null : formatSpan(active.spanOf(piece));
    const response = await this.#ask({ range, etag }, attempt);
    await usingBody(response, async ({ head, body }) => {
      assertSameObject(head, etag, this.#options.request);
      await this.#read(body, { head, active, piece });
    });
  }

  /** Takes note of what the object is, and opens the place where it goes. */
  async #begin(head: GetObjectCommandOutput): Promise<ActiveDownload> {
    const { requests, request, guard } = this.#options;
    const { resume, range, bucket, key, pieceBytes, piecesInFlight } = request;
    if (resume !== null) assertSameObject(head, resume.etag, request);
    const span = resume === null ? readSpan(head, range) : { start: 0, end: resume.sizeBytes };
    const facts: ObjectFacts = {
      ...readFacts(head, { isWhole: range === null }),
      ...(span === null ? {} : { sizeBytes: span.end - span.start }),
      ...(resume === null ? {} : { promise: resume.promise }),
    };
    const target = await request.openTarget(facts, { isResumed: resume !== null });
    this.#active = new ActiveDownload({
      address: request,
      facts,
      check: openCheck(this.#options, { facts, target }),
      base: span?.start ?? 0,
      missing: new MissingRanges(facts.sizeBytes ?? Infinity, resume?.covered ?? []),
      target,
      windowBytes: pieceBytes * piecesInFlight,
      onBytes: (bytes) => {
        requests.addBytes(bytes);
        guard.emit({ kind: 'bytes_moved', name: `s3://${bucket}/${key}`, bytes });
      },
    });
    return this.#active;
  }

  async #ask(asked: Asked, { options }: Attempt): Promise<ObjectResponse> {
    const { s3, request } = this.#options;
    return await s3.getObject(askFor(request, asked), options);
  }

  async #read(body: Readable, { head, active, piece }: Reading): Promise<void> {
    const free = body instanceof DirectBody ? body.release : keepChunks;
    const writer = new PieceWriter(piece, {
      skip: countSkipped(head, active.base + piece.at),
      writeAt: async (chunks, offset) => await active.writeAt(chunks, { offset, free }),
      drop: free,
      onWritten: (chunks, offset) => active.noteWritten(chunks, { offset, free }),
    });
    try {
      await readBody(body, writer.take);
    } catch (error) {
      await writer.flush();
      // A cut after the last byte costs nothing.
      if (piece.at < piece.end) throw error;
    }
    await writer.flush();
    const { sizeBytes } = active.facts;
    if (sizeBytes !== null && piece.at < piece.end) {
      throw new TransferFault('body_cut', `the body ended after ${piece.at} of ${piece.end} bytes`);
    }
    // A small object is checked within its own retries.
    if (piece.start > 0 || piece.at < (sizeBytes ?? piece.at)) return;
    if (sizeBytes === null) active.finish(piece);
    if (!active.isCheckedAtOnce || (await active.matches())) return;
    await active.restart(piece);
    throw new TransferFault('corrupted_body', active.mismatch);
  }

  #warnOfMismatch({ mismatch }: ActiveDownload): void {
    const { guard, request } = this.#options;
    const message = `s3://${request.bucket}/${request.key}: ${mismatch}: fetching it again`;
    guard.emit({ kind: 'warning', reason: 'corrupted_body', message });
  }

  #require(): ActiveDownload {
    if (this.#active === null) throw new Error('no answer yet');
    return this.#active;
  }
}

interface Reading {
  readonly head: GetObjectCommandOutput;
  readonly active: ActiveDownload;
  readonly piece: Piece;
}

/** A stream's chunks are its own. */
function keepChunks(): void {}
