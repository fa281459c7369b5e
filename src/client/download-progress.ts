import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { BreakwaterError } from '../errors.ts';
import { TransferFault } from '../retry/fault.ts';
import type { DownloadRequest, DownloadResult, DownloadSink, ObjectFacts } from './download.ts';
import { findPromise, WholeObjectCheck, type PromisedDigest } from './whole-object-check.ts';

/** What has arrived of one object, over all the attempts it takes. */
export class DownloadProgress {
  readonly #request: DownloadRequest;
  readonly #onBytes: (bytes: number) => void;
  #begun: Begun | null = null;
  offset = 0;

  constructor(request: DownloadRequest, onBytes: (bytes: number) => void) {
    this.#request = request;
    this.#onBytes = onBytes;
  }

  get etag(): string | null {
    return this.#begun?.facts.etag ?? null;
  }

  /** All bytes are here, though not yet checked: a cut after the last byte costs nothing. */
  isComplete(): boolean {
    return this.#begun !== null && this.offset === this.#begun.facts.sizeBytes;
  }

  /** Takes note of an answer: the first one says what the object is, the others must be about the same. */
  async begin(answer: GetObjectCommandOutput): Promise<void> {
    const etag = answer.ETag ?? '';
    if (this.#begun === null) {
      const facts: ObjectFacts = {
        etag,
        sizeBytes: answer.ContentLength ?? null,
        lastModifiedMs: answer.LastModified?.getTime() ?? null,
        contentType: answer.ContentType ?? null,
      };
      const promise = findPromise(answer);
      const sink = await this.#request.openSink(facts);
      this.#begun = {
        facts,
        promise,
        sink,
        check: promise === null ? null : new WholeObjectCheck(promise),
      };
    } else if (etag !== this.#begun.facts.etag) {
      // A store that ignores If-Match: mixing two versions would be silent corruption.
      throw new BreakwaterError(
        'object_changed',
        `s3://${this.#request.bucket}/${this.#request.key} was replaced while it was read`,
        {
          details: { hint: 'run the command again' },
        },
      );
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    const begun = this.#require();
    await begun.sink.write(bytes);
    begun.check?.update(bytes);
    this.offset += bytes.byteLength;
    this.#onBytes(bytes.byteLength);
  }

  /** After the last byte of an answer: is the object whole, and is it what S3 promised? */
  async finish(): Promise<void> {
    const begun = this.#require();
    const { sizeBytes } = begun.facts;
    if (sizeBytes !== null && this.offset < sizeBytes) {
      throw new TransferFault('body_cut', `the body ended after ${this.offset} of ${sizeBytes} bytes`);
    }
    const isLonger = sizeBytes !== null && this.offset > sizeBytes;
    if (isLonger || begun.check?.isKept() === false) await this.#rejectBytes(begun);
  }

  result(): DownloadResult {
    const { facts, promise } = this.#require();
    return { ...facts, bytes: this.offset, verifiedBy: promise?.algorithm ?? null };
  }

  /** The bytes are not what was promised: begin again where that is possible. */
  async #rejectBytes(begun: Begun): Promise<never> {
    const message = `the bytes differ from what S3 promised (${begun.promise?.algorithm ?? 'size'})`;
    if (!(await begun.sink.restart())) {
      throw new BreakwaterError(
        'checksum_mismatch',
        `get s3://${this.#request.bucket}/${this.#request.key}: ${message}`,
        {
          details: { hint: 'what was written to the output is not the object: discard it and run the command again' },
        },
      );
    }
    this.#onBytes(-this.offset);
    this.offset = 0;
    begun.check?.restart();
    throw new TransferFault('corrupted_body', message);
  }

  #require(): Begun {
    if (this.#begun === null) throw new Error('no answer yet');
    return this.#begun;
  }
}

interface Begun {
  readonly facts: ObjectFacts;
  readonly promise: PromisedDigest | null;
  readonly sink: DownloadSink;
  readonly check: WholeObjectCheck | null;
}
