import type { Clock } from '../clock.ts';

/** A request as seen by the server. */
export interface LoggedRequest {
  /** When its headers arrived, on the monotonic clock, in ms. */
  readonly atMs: number;
  readonly method: string;
  /** Path and query, as received. */
  readonly url: string;
  /** S3's name of the operation; null if unknown. */
  readonly operation: string | null;
  readonly bucket: string;
  readonly key: string;
  /** The SDK's header that counts attempts: `attempt=1; max=1`. */
  readonly sdkAttempt: string | null;
  /** Null until the response is decided. */
  readonly status: number | null;
  /** The error code sent; null if none. */
  readonly code: string | null;
  /** The kind of fault applied; null if none. */
  readonly fault: string | null;
  /** Bytes of its body received so far, framing included. */
  readonly receivedBytes: number;
  /** Bytes of the response's body sent so far. */
  readonly sentBytes: number;
}

/** Maximum requests kept. Older ones are dropped, so that a sandbox can run for days. */
const KEPT_MAX = 100_000;

/** A logged request that is still in progress. */
export type LogEntry = { -readonly [Name in keyof LoggedRequest]: LoggedRequest[Name] };

/** The requests, in order of arrival. */
export class RequestLog {
  readonly #clock: Clock;
  readonly #onAnswered: (request: LoggedRequest) => void;
  #entries: LogEntry[] = [];

  constructor(clock: Clock, onAnswered: (request: LoggedRequest) => void = () => undefined) {
    this.#clock = clock;
    this.#onAnswered = onAnswered;
  }

  /** Logs a new request. The caller fills in the entry later. */
  start(request: Pick<LoggedRequest, 'method' | 'url' | 'sdkAttempt'>): LogEntry {
    const unknown = { operation: null, bucket: '', key: '', status: null, code: null, fault: null };
    const nothing = { receivedBytes: 0, sentBytes: 0 };
    const entry: LogEntry = { ...unknown, ...nothing, ...request, atMs: this.#clock.monotonic() };
    this.#entries.push(entry);
    if (this.#entries.length > KEPT_MAX) this.#entries = this.#entries.slice(-KEPT_MAX / 2);
    return entry;
  }

  /** Reports the request once its response is decided. */
  end(entry: LogEntry): void {
    this.#onAnswered(entry);
  }

  list(): readonly LoggedRequest[] {
    return this.#entries.map((entry) => ({ ...entry }));
  }

  clear(): void {
    this.#entries = [];
  }
}
