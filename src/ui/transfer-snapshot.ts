import { assertNever } from '../errors.ts';
import type { Event } from '../events.ts';

/** All transfers of one command taken together, as progress shows them. */
export interface TransferSnapshot {
  /** The first transfer's name, for a command that moves one object. */
  readonly name: string | null;
  readonly started: number;
  readonly finished: number;
  readonly failed: number;
  readonly movedBytes: number;
  /** Of the only transfer; null where it is not known, or where more are to come. */
  readonly totalBytes: number | null;
  /** Objects deleted by a sweep. */
  readonly swept: number;
  /** When the first transfer began, on the monotonic clock, in ms; null before. */
  readonly startedAtMs: number | null;
}

export const NO_TRANSFER: TransferSnapshot = {
  name: null,
  started: 0,
  finished: 0,
  failed: 0,
  movedBytes: 0,
  totalBytes: null,
  swept: 0,
  startedAtMs: null,
};

/** The snapshot after an event; the same object where the event does not concern it. */
export function followTransfer(snapshot: TransferSnapshot, event: Event, nowMs: number): TransferSnapshot {
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
        swept: snapshot.swept + event.deleted,
        failed: snapshot.failed + event.failed,
        movedBytes: snapshot.movedBytes + event.bytes,
      };
    case 'operation_started':
    case 'attempt_failed':
    case 'retry_scheduled':
    case 'operation_finished':
    case 'circuit_changed':
    case 'circuit_refused':
    case 'result_ignored':
    case 'deletes_adapted':
    case 'sweep_finished':
    case 'warning':
      return snapshot;
    default:
      return assertNever(event);
  }
}
