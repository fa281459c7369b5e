import type { CircuitGate } from '../circuit/circuit-gate.ts';
import type { Clock } from '../clock.ts';
import type { EventSink } from '../events.ts';
import type { RetrySettings } from '../retry/decide-retry.ts';
import type { RequestTimeouts } from '../http/request-watch.ts';

/** What every guarded operation of one command shares. */
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
  /** The one circuit of the command; null for a sweep and under `--no-breaker`, where none is asked or changed. */
  readonly circuit: GuardCircuit | null;
  readonly clock: Clock;
  readonly random: () => number;
  /** Aborted by signals (`interrupted`) and by the deadline (`deadline`), with that error as its reason. */
  readonly signal: AbortSignal;
  readonly emit: EventSink;
}

export interface GuardCircuit {
  readonly gate: CircuitGate;
  /** Its full name, `s3-upload@scope`. */
  readonly name: string;
}
