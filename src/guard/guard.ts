import type { CircuitGate } from '../circuit/circuit-gate.ts';
import type { Clock } from '../clock.ts';
import type { EventSink } from '../events.ts';
import type { RetrySettings } from '../retry/decide-retry.ts';
import type { RequestTimeouts } from '../http/request-watch.ts';

/** Shared by all guarded operations of one command. */
export interface GuardSettings extends RequestTimeouts {
  readonly retry: RetrySettings;
  /** When the whole command must end, on the monotonic clock, in ms; null for never. */
  readonly deadlineAtMs: number | null;
  /** How long a refused operation waits for its circuit, in ms. @default 0 */
  readonly waitMs: number;
  readonly probeLeaseMs: number;
}

export interface Guard {
  readonly settings: GuardSettings;
  /** The command's only circuit; null for a sweep and under `--no-breaker`, which neither check nor change any. */
  readonly circuit: GuardCircuit | null;
  readonly clock: Clock;
  readonly random: () => number;
  /** Aborted by process signals and by the deadline, with an `interrupted` or `deadline` error as its reason. */
  readonly signal: AbortSignal;
  readonly emit: EventSink;
}

export interface GuardCircuit {
  readonly gate: CircuitGate;
  /** The full name, `s3-upload@scope`. */
  readonly name: string;
}
