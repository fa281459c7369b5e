import type { CircuitState } from '../../circuit/circuit.ts';
import { assertNever } from '../../errors.ts';
import type { Event, WaitReason } from '../../events.ts';

/** All transfers of one command together. `TransferFollower` keeps it up to date. */
export interface TransferSnapshot {
  /** The name of the first transfer, or the target of a sweep. */
  readonly name: string | null;
  readonly started: number;
  readonly finished: number;
  readonly failed: number;
  readonly movedBytes: number;
  /** The size of a single transfer; null if it is unknown or there are several. */
  readonly totalBytes: number | null;
  /** Objects deleted by a sweep. */
  readonly swept: number;
  /** Start of the first transfer on the monotonic clock, in ms; null before it. */
  readonly startedAtMs: number | null;
  /** Requests in flight: parts, ranges, objects or batches. */
  readonly inFlight: number;
  /** Waiting retries, newest last. Ended waits are removed when the next one starts. */
  readonly waits: readonly Wait[];
  /** What operations wait for apart from backoff, newest last. */
  readonly holds: readonly Hold[];
  /** The last known circuit; null before its first failure. */
  readonly circuit: CircuitGlimpse | null;
}

/** A failed attempt that will be retried. */
export interface Wait {
  readonly code: string;
  /** The attempt that failed; 1 is the first. */
  readonly attempt: number;
  readonly attempts: number;
  /** On the monotonic clock, in ms. */
  readonly untilMs: number;
}

/** A wait for the circuit or for the rate limiter. */
export interface Hold {
  readonly reason: WaitReason;
  /** On the monotonic clock, in ms; null where nothing bounds it. */
  readonly untilMs: number | null;
}

interface CircuitGlimpse {
  readonly name: string;
  readonly state: CircuitState;
  /** Consecutive failures. */
  readonly failures: number;
  readonly failureThreshold: number;
}

/** Maximum waits kept; no command has this many requests in flight. */
const WAITS_KEPT_MAX = 64;

export const NO_TRANSFER: TransferSnapshot = {
  name: null,
  started: 0,
  finished: 0,
  failed: 0,
  movedBytes: 0,
  totalBytes: null,
  swept: 0,
  startedAtMs: null,
  inFlight: 0,
  waits: [],
  holds: [],
  circuit: null,
};

/**
 * Follows the events of one command. Changes one snapshot in place, because every object and request has several events
 * and almost none of them is drawn.
 */
export class TransferFollower {
  readonly #now: { -readonly [Name in keyof TransferSnapshot]: TransferSnapshot[Name] };

  constructor(start: TransferSnapshot = NO_TRANSFER) {
    this.#now = { ...start };
  }

  /** Always up to date: later events change it. */
  get snapshot(): TransferSnapshot {
    return this.#now;
  }

  /**
   * Follows one event. False if it changes nothing that is shown.
   * @param monotonic asked by few events, because each object has many
   */
  follow(event: Event, monotonic: () => number): boolean {
    const now = this.#now;
    switch (event.kind) {
      case 'transfer_started':
        now.startedAtMs ??= monotonic();
        now.name ??= event.name;
        now.totalBytes = now.started === 0 ? event.totalBytes : null;
        now.started += 1;
        return true;
      case 'bytes_moved':
        now.startedAtMs ??= monotonic();
        now.movedBytes = Math.max(0, now.movedBytes + event.bytes);
        return true;
      case 'transfer_finished':
        now[event.ok ? 'finished' : 'failed'] += 1;
        return true;
      case 'objects_swept':
        this.#followSweep(event, monotonic);
        return true;
      case 'request_started':
        now.inFlight += 1;
        return true;
      case 'request_ended':
        now.inFlight = Math.max(0, now.inFlight - 1);
        return true;
      case 'retry_scheduled':
      case 'wait_started':
      case 'wait_ended':
        this.#followWait(event, monotonic());
        return true;
      case 'failures_counted':
      case 'circuit_changed':
        this.#followCircuit(event);
        return true;
      case 'operation_started':
      case 'attempt_failed':
      case 'operation_finished':
      case 'circuit_refused':
      case 'result_ignored':
      case 'deletes_adapted':
      case 'sweep_finished':
      case 'not_verified':
      case 'credentials_sought':
      case 'fleet_failed':
      case 'warning':
        return false;
      default:
        return assertNever(event);
    }
  }

  #followSweep(event: Extract<Event, { kind: 'objects_swept' }>, monotonic: () => number): void {
    const now = this.#now;
    now.startedAtMs ??= monotonic();
    now.name ??= `s3://${event.bucket}/`;
    now.swept += event.deleted;
    now.failed += event.failed;
    now.movedBytes += event.bytes;
  }

  #followCircuit(event: Extract<Event, { kind: 'failures_counted' | 'circuit_changed' }>): void {
    const now = this.#now;
    if (event.kind === 'failures_counted') {
      const { circuit, failures, failureThreshold } = event;
      now.circuit = { name: circuit, state: 'closed', failures, failureThreshold };
      return;
    }
    const { circuit, to } = event.transition;
    const failureThreshold = now.circuit?.failureThreshold ?? 0;
    now.circuit = { name: circuit, state: to, failures: 0, failureThreshold };
  }

  #followWait(event: Extract<Event, { kind: 'retry_scheduled' | 'wait_started' | 'wait_ended' }>, nowMs: number): void {
    const now = this.#now;
    if (event.kind === 'retry_scheduled') {
      const { retry, retries, delayMs, failure } = event;
      const wait = { code: failure.code, attempt: retry, attempts: retries + 1, untilMs: nowMs + delayMs };
      now.waits = [...now.waits.filter(({ untilMs }) => untilMs > nowMs), wait].slice(-WAITS_KEPT_MAX);
      return;
    }
    const others = now.holds.filter(({ reason }) => reason !== event.reason);
    if (event.kind === 'wait_ended') now.holds = others;
    else {
      const { reason, atMostMs } = event;
      now.holds = [...others, { reason, untilMs: atMostMs === null ? null : nowMs + atMostMs }];
    }
  }
}
