import type { WireResponse } from '../protocol/wire.ts';

/** Maximum uploads that a bucket remembers; S3 forgets them after an unknown time. */
const COMPLETED_MAX = 1000;

interface Completion {
  /** The key and the parts, as text to compare. */
  readonly request: string;
  readonly response: WireResponse;
}

/**
 * Remembers completed uploads, because S3 answers a CompleteMultipartUpload that is sent again, after a lost response,
 * as it did the first time.
 */
export class CompletedUploads {
  readonly #completions = new Map<string, Completion>();

  add(uploadId: string, completion: Completion): void {
    this.#completions.set(uploadId, completion);
    const [oldest] = this.#completions.keys();
    if (this.#completions.size > COMPLETED_MAX && oldest !== undefined) this.#completions.delete(oldest);
  }

  /** The response to the same request; undefined if there was none. */
  find(uploadId: string, request: string): WireResponse | undefined {
    const completion = this.#completions.get(uploadId);
    return completion?.request === request ? completion.response : undefined;
  }
}
