import type { Job } from '../../activity.ts';
import type { CircuitView } from '../../circuit/circuit-view.ts';
import type { Transition } from '../../circuit/circuit.ts';

/** Everything on the live screen at one moment. Escaped: it can be drawn as it is. */
export interface WatchSnapshot {
  /** Wall clock, in ms since the Unix epoch. */
  readonly takenAtMs: number;
  readonly host: string;
  readonly stateFile: StateFileView;
  /** How far back the activity goes, in ms. */
  readonly spanMs: number;
  readonly circuits: readonly WatchedCircuit[];
  readonly jobs: readonly WatchedJob[];
  /** Used for a circuit without a record, in ms. */
  readonly settings: { readonly openForMs: number; readonly probeLeaseMs: number };
}

export interface StateFileView {
  readonly path: string;
  /** `missing` means that nothing was recorded yet; the others say why the file cannot be used. */
  readonly condition:
    | 'ready'
    | 'missing'
    | 'unwritable'
    | 'locked'
    | 'full'
    | 'corrupt'
    | 'newer_schema'
    | 'foreign'
    | 'network_file_system';
}

export interface WatchedCircuit {
  /** The full name as stored, for actions; `view.name` is the one to display. */
  readonly name: string;
  readonly view: CircuitView;
  /** Calls refused since it last left closed. */
  readonly refused: number;
  /** The newest changes of state first, among them those of its bare name. */
  readonly history: readonly Transition[];
  readonly activity: CircuitActivity;
  /** It was opened in the future: a clock is wrong. */
  readonly isClockAskew: boolean;
}

/** The operations of all processes behind one circuit within the span. */
export interface CircuitActivity {
  /** One entry a slot, oldest first; the last one is now. */
  readonly successes: readonly number[];
  readonly errors: readonly number[];
  readonly refused: readonly number[];
  /** Entry 0 counts first retries; the last entry counts all later ones. */
  readonly retries: readonly number[];
  /** Quantiles of the durations, in ms; null if there were none. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

export interface WatchedJob extends Job {
  /** False if its process ended without removing the job. */
  readonly isAlive: boolean;
}
