import type { ActivitySlot, Job } from '../activity.ts';
import type { ProcessIdentity } from '../circuit/circuit.ts';
import type { CircuitStore } from '../circuit/circuit-store.ts';

export type Labels = Readonly<Record<string, string>>;

export interface CounterSeries {
  readonly family: string;
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramSeries {
  readonly family: string;
  readonly labels: Labels;
  /** Upper bounds, ascending, without +Inf. */
  readonly bounds: readonly number[];
  /** Observations per bucket, not cumulative; one more entry than bounds (the last is +Inf). */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** A value that replaces the stored one, when later: a time of last success. */
export interface GaugeSeries {
  readonly family: string;
  readonly labels: Labels;
  readonly value: number;
}

export interface MetricTotals {
  readonly counters: readonly CounterSeries[];
  readonly histograms: readonly HistogramSeries[];
  readonly gauges: readonly GaugeSeries[];
}

/** What one process adds in one flush. */
export interface MetricDeltas extends MetricTotals {
  readonly refusals: readonly { readonly circuit: string; readonly epoch: number; readonly count: number }[];
}

/** The sums over all invocations. */
export interface MetricsStore {
  /**
   * Adds every delta in one transaction: all or nothing. They are made inside it, knowing every value that the label
   * `bucket` has so far, so that processes which write at once keep to one cap.
   */
  readonly add: (makeDeltas: (buckets: ReadonlySet<string>) => MetricDeltas) => void;
  readonly read: () => MetricTotals;
  /** Forgets every sum, in one transaction; refusals belong to the circuits and stay. */
  readonly clear: () => void;
}

/** What happened lately, for the live screen. */
export interface ActivityStore {
  /** Adds to the slots in one transaction, and forgets what is older than `ACTIVITY_KEPT_MS`. */
  readonly add: (slots: readonly ActivitySlot[], nowMs: number) => void;
  /** The slots that begin at or after a time, oldest first. */
  readonly read: (sinceMs: number) => readonly ActivitySlot[];
}

/** The transfers and sweeps that run, over all processes. */
export interface JobStore {
  readonly put: (job: Job) => void;
  readonly remove: (id: string) => void;
  /** Every job that is told of, the oldest first; those of dead processes too. */
  readonly list: () => readonly Job[];
}

/** What kind of work a checkpoint belongs to. */
export type CheckpointKind = 'upload' | 'download' | 'sweep';

export interface Checkpoint {
  readonly id: string;
  readonly savedAtMs: number;
  /** As it was saved; its owner parses it. */
  readonly document: unknown;
}

/** Work that was begun, so that a later process can go on with it. What is 30 days old is forgotten. */
export interface CheckpointStore {
  /** The document saved last under this id; undefined where there is none. */
  readonly read: (kind: CheckpointKind, id: string) => unknown;
  /** All of one kind, the oldest first. */
  readonly list: (kind: CheckpointKind) => readonly Checkpoint[];
  /** @param checkpoint its `document` is anything that JSON can hold */
  readonly save: (checkpoint: {
    readonly kind: CheckpointKind;
    readonly id: string;
    readonly document: unknown;
    readonly nowMs: number;
  }) => void;
  readonly remove: (kind: CheckpointKind, id: string) => void;
}

export interface Claim {
  readonly owner: ProcessIdentity;
  readonly takenAtMs: number;
  readonly expiresAtMs: number;
}

/** Who works on what, so that two processes do not do the same thing at once. A claim dies with its owner. */
export interface ClaimStore {
  /** Takes the claim; what comes back instead of null is the claim of another that lives. */
  readonly take: (
    name: string,
    claimant: {
      readonly process: ProcessIdentity;
      readonly nowMs: number;
      /** How long it holds without being renewed; for owners of whom nothing can be told from here. */
      readonly leaseMs: number;
      readonly isOwnerAlive: (owner: ProcessIdentity) => boolean;
    },
  ) => Claim | null;
  /** False where it is no longer ours. */
  readonly renew: (
    name: string,
    claimant: { readonly process: ProcessIdentity; readonly nowMs: number; readonly leaseMs: number },
  ) => boolean;
  /** Gives back what is ours, and nothing else. */
  readonly release: (name: string, process: ProcessIdentity) => void;
}

/** Why the file cannot be used; the program goes on in memory. */
export type StateProblem = 'unwritable' | 'locked' | 'full' | 'corrupt' | 'newer_schema' | 'network_file_system';

export interface StateStamp {
  /** Which file is at the path: another text when another file has taken its place, null where there is none. */
  readonly file: string | null;
  /** Another one whenever another connection has changed the file that is open; null where none is open. */
  readonly version: number | null;
}

/** The local state of one user: shared by all their processes, or of this process alone when `problem` is set. */
export interface State {
  readonly circuits: CircuitStore;
  readonly metrics: MetricsStore;
  readonly activity: ActivityStore;
  readonly jobs: JobStore;
  readonly checkpoints: CheckpointStore;
  readonly claims: ClaimStore;
  /** The database file, also when it cannot be used. */
  readonly path: string;
  /** Why this state is in memory only; null when it is the file. May become set while running. */
  readonly problem: () => StateProblem | null;
  /** What the file is now, cheaply: for those who look for long and read only what has changed. Never throws. */
  readonly stamp: () => StateStamp;
  readonly close: () => void;
}
