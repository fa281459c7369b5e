import type { Clock } from '../clock.ts';
import { TransferFault } from '../retry/transfer-fault.ts';

/** How long one request may go without progress; each at least 1 ms. */
export interface RequestTimeouts {
  /** From the last byte sent to the first byte of the response, in ms. @default 60000 */
  readonly requestTimeoutMs: number;
  /** A body without progress, either way, in ms. @default 30000 */
  readonly stallTimeoutMs: number;
}

type Phase = 'queued' | 'sending' | 'waiting' | 'receiving' | 'paused' | 'done';

/**
 * Follows one HTTP request through its phases and aborts it if a phase makes no progress for too long.
 *
 * undici's own timeouts do not fit, because its header timeout also runs while a large body is still being sent.
 * While our output is slow, the body is paused, and a pause is not a stall.
 */
export class RequestWatch {
  readonly #clock: Clock;
  readonly #timeouts: RequestTimeouts;
  #onFault: ((fault: TransferFault) => void) | null = null;
  #phase: Phase = 'queued';
  #progressAtMs: number;
  #silentAtEndMs = 0;
  #wasSentAgain = false;

  constructor(clock: Clock, timeouts: RequestTimeouts) {
    this.#clock = clock;
    this.#timeouts = timeouts;
    this.#progressAtMs = clock.monotonic();
  }

  /**
   * Starts the watch; `onFault` is called at most once, with the fault that ends the request. Call it again for each
   * request of an attempt, such as the second one after a redirect to another region.
   */
  start(onFault: (fault: TransferFault) => void): void {
    this.#onFault = onFault;
    this.enter('sending');
  }

  /** Call when the request is sent a second time, because its kept connection ended before the response. */
  noteSentAgain(): void {
    this.#wasSentAgain = true;
  }

  /** Whether a response may be to the second of two equal requests, and the first may have had its effect. */
  get wasSentAgain(): boolean {
    return this.#wasSentAgain;
  }

  /** Records the phase, and progress in it. */
  enter(phase: Phase): void {
    if (phase === 'done') this.#silentAtEndMs = this.silentForMs();
    this.#phase = phase;
    this.#progressAtMs = this.#clock.monotonic();
  }

  /** How long we have waited for a byte from S3, in ms; 0 while S3 waits for us. After the end, the last such wait. */
  silentForMs(): number {
    if (this.#phase === 'done') return this.#silentAtEndMs;
    const waits = this.#phase === 'waiting' || this.#phase === 'receiving';
    return waits ? this.#clock.monotonic() - this.#progressAtMs : 0;
  }

  /**
   * Aborts the request if its phase has made no progress for too long.
   * @returns when to check again, in ms; early enough even for a request that starts in between
   */
  check(): number {
    const { requestTimeoutMs, stallTimeoutMs } = this.#timeouts;
    if (this.#phase === 'paused') this.#progressAtMs = this.#clock.monotonic();
    const allowedMs = this.#allowedMs();
    const leftMs = this.#progressAtMs + allowedMs - this.#clock.monotonic();
    // At most the shorter limit, because the phase can change before the next check.
    if (leftMs > 0) return Math.min(leftMs, requestTimeoutMs, stallTimeoutMs);
    const onFault = this.#onFault;
    this.#onFault = null;
    onFault?.(this.#faultOf(allowedMs));
    return Math.min(requestTimeoutMs, stallTimeoutMs);
  }

  #allowedMs(): number {
    const { requestTimeoutMs, stallTimeoutMs } = this.#timeouts;
    return this.#phase === 'waiting' ? requestTimeoutMs : stallTimeoutMs;
  }

  #faultOf(allowedMs: number): TransferFault {
    return this.#phase === 'waiting'
      ? new TransferFault('response_timeout', `no response within ${allowedMs} ms of the request`)
      : new TransferFault('stalled_body', `a body made no progress for ${allowedMs} ms`);
  }
}
