import type { Job } from '../../activity.ts';
import type { CircuitView } from '../../circuit/circuit-view.ts';
import type { Transition } from '../../circuit/circuit.ts';

/** Everything the live screen shows, at one moment. Holds no control characters: it may be drawn as it is. */
export interface WatchSnapshot {
  /** Wall clock, in ms since the Unix epoch. */
  readonly takenAtMs: number;
  readonly host: string;
  readonly stateFile: StateFileView;
  /** How far back the activity goes, in ms. */
  readonly spanMs: number;
  readonly circuits: readonly WatchedCircuit[];
  readonly jobs: readonly WatchedJob[];
  /** What this command would use for a circuit that has not decided yet, in ms. */
  readonly settings: { readonly openForMs: number; readonly probeLeaseMs: number };
}

export interface StateFileView {
  readonly path: string;
  /** `missing` is fine: nothing was ever recorded. The others say why nothing is known. */
  readonly condition:
    | 'ready'
    | 'missing'
    | 'unwritable'
    | 'locked'
    | 'full'
    | 'corrupt'
    | 'newer_schema'
    | 'network_file_system';
}

export interface WatchedCircuit {
  /** As it is stored: the full name that an action is about. To be shown, take the view's. */
  readonly name: string;
  readonly view: CircuitView;
  /** Calls refused since it last left closed. */
  readonly refused: number;
  /** The newest changes of state first. */
  readonly history: readonly Transition[];
  readonly activity: CircuitActivity;
  /** It was opened, or its probe began, in the future: one of the clocks is wrong. */
  readonly isClockAskew: boolean;
}

/** What happened behind one circuit within the span, over all processes that have told. */
export interface CircuitActivity {
  /** One entry a slot, oldest first; the last one is now. */
  readonly successes: readonly number[];
  readonly errors: readonly number[];
  readonly refused: readonly number[];
  /** By number; the first entry counts first retries, the last one all from there on. */
  readonly retries: readonly number[];
  /** Durations that half and 95 % of the operations stayed below, in ms; null where there were none. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

export interface WatchedJob extends Job {
  /** False once its process has ended without saying so. */
  readonly isAlive: boolean;
}
