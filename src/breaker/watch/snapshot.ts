import type { Job } from '../../activity.ts';
import type { CircuitView } from '../../circuit/circuit-view.ts';
import type { Transition } from '../../circuit/circuit.ts';
import type { FleetFailureCode } from '../../circuit/fleet-store.ts';
import type { StateProblem } from '../../state/state.ts';

/** The contents of the live screen at one moment, escaped for display. */
export interface WatchSnapshot {
  /** Wall clock, in ms since the Unix epoch. */
  readonly takenAtMs: number;
  readonly host: string;
  readonly stateFile: StateFileView;
  /** How far back the activity goes, in ms. */
  readonly spanMs: number;
  /** Those of this host; each is followed by that of the fleet, while its engine answers. */
  readonly circuits: readonly WatchedCircuit[];
  /** Null without a fleet, and before the first answer of its engine. */
  readonly fleet: WatchedFleet | null;
  readonly jobs: readonly WatchedJob[];
  /** Used for a circuit without a record, in ms. */
  readonly settings: { readonly openForMs: number; readonly probeLeaseMs: number };
}

/** How the engine of a fleet is. */
export interface WatchedFleet {
  /** The engine, without user and password. */
  readonly name: string;
  /** Why it cannot be asked; null if it can. */
  readonly problem: FleetFailureCode | null;
  /** How long ago it last answered, in ms; null if it never did. */
  readonly answeredAgoMs: number | null;
  /** Circuits that are left out, because a newer program has written them. @default none */
  readonly newer?: readonly string[];
  /** Why the state changes of its circuits are unknown. @default null: they are known */
  readonly historyProblem?: FleetFailureCode | null;
  /** Hosts that must have failed before a circuit opens. */
  readonly quorum: number;
}

export interface StateFileView {
  readonly path: string;
  /** `missing` means that nothing has been recorded yet. All others except `ready` say why the file cannot be used. */
  readonly condition: 'ready' | 'missing' | StateProblem;
}

export interface WatchedCircuit {
  /** The full name as stored, for actions; display `view.name` instead. */
  readonly name: string;
  readonly view: CircuitView;
  /** Calls refused since it last left closed. */
  readonly refused: number;
  /** State changes, newest first, including those of the bare name. */
  readonly history: readonly Transition[];
  readonly activity: CircuitActivity;
  /** Whether it was opened in the future, which means a wrong clock. */
  readonly isClockAskew: boolean;
  /** How far the clock of its times is ahead of this host's, in ms: a fleet's circuit has that of the engine. */
  readonly clockAheadMs: number;
}

/** The operations of all processes on one circuit within the span. */
export interface CircuitActivity {
  /** One entry per slot, oldest first; the last is now. */
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
