import type { CircuitState } from '../../circuit/circuit.ts';
import { assertNever } from '../../errors.ts';
import type { Event, WaitReason } from '../../events.ts';

/** All transfers of one command together. */
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

/** The snapshot after an event; the same object if nothing changed. */
export function followTransfer(snapshot: TransferSnapshot, event: Event, nowMs: number): TransferSnapshot {
  switch (event.kind) {
    case 'transfer_started':
    case 'bytes_moved':
    case 'transfer_finished':
    case 'objects_swept':
      return followObjects(snapshot, event, nowMs);
    case 'request_started':
      return { ...snapshot, inFlight: snapshot.inFlight + 1 };
    case 'request_ended':
      return { ...snapshot, inFlight: Math.max(0, snapshot.inFlight - 1) };
    case 'retry_scheduled': {
      const { retry, retries, delayMs, failure } = event;
      const wait = { code: failure.code, attempt: retry, attempts: retries + 1, untilMs: nowMs + delayMs };
      const waits = [...snapshot.waits.filter(({ untilMs }) => untilMs > nowMs), wait].slice(-WAITS_KEPT_MAX);
      return { ...snapshot, waits };
    }
    case 'wait_started':
    case 'wait_ended':
      return { ...snapshot, holds: followHolds(snapshot.holds, event, nowMs) };
    case 'failures_counted': {
      const { circuit, failures, failureThreshold } = event;
      return { ...snapshot, circuit: { name: circuit, state: 'closed', failures, failureThreshold } };
    }
    case 'circuit_changed': {
      const { circuit, to } = event.transition;
      const failureThreshold = snapshot.circuit?.failureThreshold ?? 0;
      return { ...snapshot, circuit: { name: circuit, state: to, failures: 0, failureThreshold } };
    }
    case 'operation_started':
    case 'attempt_failed':
    case 'operation_finished':
    case 'circuit_refused':
    case 'result_ignored':
    case 'deletes_adapted':
    case 'sweep_finished':
    case 'not_verified':
    case 'credentials_sought':
    case 'warning':
      return snapshot;
    default:
      return assertNever(event);
  }
}

function followHolds(
  holds: readonly Hold[],
  event: Extract<Event, { kind: 'wait_started' | 'wait_ended' }>,
  nowMs: number,
): readonly Hold[] {
  const others = holds.filter(({ reason }) => reason !== event.reason);
  if (event.kind === 'wait_ended') return others;
  const { reason, atMostMs } = event;
  return [...others, { reason, untilMs: atMostMs === null ? null : nowMs + atMostMs }];
}

type ObjectEvent = Extract<Event, { kind: 'transfer_started' | 'bytes_moved' | 'transfer_finished' | 'objects_swept' }>;

function followObjects(snapshot: TransferSnapshot, event: ObjectEvent, nowMs: number): TransferSnapshot {
  const startedAtMs = snapshot.startedAtMs ?? nowMs;
  switch (event.kind) {
    case 'transfer_started':
      return {
        ...snapshot,
        startedAtMs,
        name: snapshot.name ?? event.name,
        started: snapshot.started + 1,
        totalBytes: snapshot.started === 0 ? event.totalBytes : null,
      };
    case 'bytes_moved':
      return { ...snapshot, startedAtMs, movedBytes: Math.max(0, snapshot.movedBytes + event.bytes) };
    case 'transfer_finished':
      return {
        ...snapshot,
        finished: snapshot.finished + (event.ok ? 1 : 0),
        failed: snapshot.failed + (event.ok ? 0 : 1),
      };
    case 'objects_swept':
      return {
        ...snapshot,
        startedAtMs,
        name: snapshot.name ?? `s3://${event.bucket}/`,
        swept: snapshot.swept + event.deleted,
        failed: snapshot.failed + event.failed,
        movedBytes: snapshot.movedBytes + event.bytes,
      };
    default:
      return assertNever(event);
  }
}
