import type { WriteChannel } from './request-writer.ts';

/** A connection, as its request sees it. */
export interface HttpChannel extends WriteChannel {
  /** It has served another request before. */
  readonly isReused: boolean;
  readonly pause: () => void;
  readonly resume: () => void;
  /**
   * Call when the response is complete. Another request may follow within this time; 0 for none. `rest` are the bytes
   * that came after the response.
   */
  readonly finish: (reusableForMs: number, rest: Buffer) => void;
  readonly destroy: () => void;
  /** Like `destroy`, but does not report to this request any more. */
  readonly abandon: () => void;
  /** Adds a user to the memory of this chunk. */
  readonly retain: (chunk: Uint8Array) => void;
  readonly release: (chunks: readonly Uint8Array[]) => void;
}
