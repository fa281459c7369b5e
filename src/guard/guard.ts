import type { CircuitGate } from '../circuit/circuit-gate.ts';
import type { Clock } from '../clock.ts';
import type { EventSink } from '../events.ts';
import type { RetrySettings } from '../retry/decide-retry.ts';
import type { RequestTimeouts } from '../http/request-watch.ts';
import type { OperationTarget } from '../operations.ts';

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
  /** Null under `--no-breaker`: nothing is asked, nothing is recorded. */
  readonly gate: CircuitGate | null;
  readonly clock: Clock;
  readonly random: () => number;
  /** Aborted by signals (`interrupted`) and by the deadline (`deadline`), with that error as its reason. */
  readonly signal: AbortSignal;
  readonly emit: EventSink;
}

export interface GuardedTarget extends OperationTarget {
  /** Full name of the circuit, or null for work that deliberately has none. */
  readonly circuit: string | null;
}
