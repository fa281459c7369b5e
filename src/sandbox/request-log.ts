import type { Clock } from '../clock.ts';

/** One request as the server saw it. */
export interface LoggedRequest {
  /** When its head had come, on the monotonic clock, in ms. */
  readonly atMs: number;
  readonly method: string;
  /** Path and query, as they came. */
  readonly url: string;
  /** S3's name of the operation; null where it is none that is known here. */
  readonly operation: string | null;
  readonly bucket: string;
  readonly key: string;
  /** What the SDK says of its own attempts: `attempt=1; max=1`. */
  readonly sdkAttempt: string | null;
  /** Null while it is not answered. */
  readonly status: number | null;
  /** The error code that was sent; null for none. */
  readonly code: string | null;
  /** The kind of fault that hit it; null for none. */
  readonly fault: string | null;
  /** Bytes of its body that have come so far, framing included. */
  readonly receivedBytes: number;
  /** Bytes of the response's body that have been handed to the connection so far. */
  readonly sentBytes: number;
}

/** Requests kept, the newest; a sandbox that runs for days must not grow for days. */
const KEPT_MAX = 100_000;

/** A request whose log is still written. */
export type LogEntry = { -readonly [Name in keyof LoggedRequest]: LoggedRequest[Name] };

/** The requests that came, in order. */
export class RequestLog {
  readonly #clock: Clock;
  readonly #onAnswered: (request: LoggedRequest) => void;
  #entries: LogEntry[] = [];

  constructor(clock: Clock, onAnswered: (request: LoggedRequest) => void = () => undefined) {
    this.#clock = clock;
    this.#onAnswered = onAnswered;
  }

  /** Takes note of a request that has come; the entry is filled in as more is known. */
  begin(request: Pick<LoggedRequest, 'method' | 'url' | 'sdkAttempt'>): LogEntry {
    const unknown = { operation: null, bucket: '', key: '', status: null, code: null, fault: null };
    const nothing = { receivedBytes: 0, sentBytes: 0 };
    const entry: LogEntry = { ...unknown, ...nothing, ...request, atMs: this.#clock.monotonic() };
    this.#entries.push(entry);
    if (this.#entries.length > KEPT_MAX) this.#entries = this.#entries.slice(-KEPT_MAX / 2);
    return entry;
  }

  /** The response is decided. */
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
