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

/** A time such as the last success. It replaces the stored value if it is larger. */
export type GaugeSeries = CounterSeries;

export interface MetricTotals {
  readonly counters: readonly CounterSeries[];
  readonly histograms: readonly HistogramSeries[];
  readonly gauges: readonly GaugeSeries[];
}

/** The changes that one process adds at once. */
export interface MetricDeltas extends MetricTotals {
  readonly refusals: readonly { readonly circuit: string; readonly epoch: number; readonly count: number }[];
}

/** The totals over all invocations. */
export interface MetricsStore {
  /**
   * Adds all deltas in one transaction. `makeDeltas` runs inside it with all stored values of the label `bucket`, so
   * that concurrent processes share one limit.
   */
  readonly add: (makeDeltas: (buckets: ReadonlySet<string>) => MetricDeltas) => void;
  readonly read: () => MetricTotals;
  /** Increases with every change of the totals. If it is read before them, it is never newer than they are. */
  readonly revision: () => number;
  /** Deletes all totals in one transaction. Refusals belong to the circuits and stay. */
  readonly clear: () => void;
}

/** Recent activity, for the live screen. */
export interface ActivityStore {
  /** Adds to the slots in one transaction, and deletes those older than `ACTIVITY_KEPT_MS`. */
  readonly add: (slots: readonly ActivitySlot[], nowMs: number) => void;
  /** When each circuit was last met by an operation, to the hour; circuits not met for 90 days are missing. */
  readonly met: () => ReadonlyMap<string, number>;
  /** The slots that start at or after a time, oldest first. */
  readonly read: (sinceMs: number) => readonly ActivitySlot[];
}

/** The running transfers and sweeps of all processes. */
export interface JobStore {
  readonly put: (job: Job) => void;
  readonly remove: (id: string) => void;
  /** Every job, oldest first, including those of dead processes. */
  readonly list: () => readonly Job[];
}

/** The kind of work that a checkpoint belongs to. */
export type CheckpointKind = 'upload' | 'download' | 'sweep';

export interface Checkpoint {
  readonly id: string;
  readonly savedAtMs: number;
  /** As it was saved; the caller parses it. */
  readonly document: unknown;
}

/** Interrupted work that a later process can resume. */
export interface CheckpointStore {
  /** The document last saved under this id, or undefined. */
  readonly read: (kind: CheckpointKind, id: string) => unknown;
  /**
   * All checkpoints of one kind, oldest first.
   * @param idPrefix only ids with this prefix, in ASCII
   */
  readonly list: (kind: CheckpointKind, idPrefix?: string) => readonly Checkpoint[];
  /**
   * Saves a checkpoint, and drops expired ones that are no longer needed to clean up (tables/checkpoint-table.ts).
   * @param checkpoint its `document` is anything that JSON can hold
   */
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

/** Whether a process is alive, as far as this machine can see. */
export type ProcessLife = 'alive' | 'dead' | 'unknown';

/** The time and the rules for checking a claim. */
export interface ClaimCheck extends ClaimTime {
  readonly checkOwner: (owner: ProcessIdentity) => ProcessLife;
}

export interface ClaimTime {
  /**
   * The time, in ms since 1970. Read when the claim has been read: with an earlier time, a claim that was renewed meanwhile
   * would look as if the clock had jumped back.
   */
  readonly now: () => number;
  /** How long an unrenewed claim lasts if its owner cannot be checked, in ms. */
  readonly leaseMs: number;
}

/** Which process works on what, so that no two do the same work. A claim lasts as long as its owner is alive. */
export interface ClaimStore {
  /** The claim of a living process, this one included; null if there is none. */
  readonly find: (name: string, check: ClaimCheck) => Claim | null;
  /** Takes the claim and returns null, or returns the claim of another living process. */
  readonly take: (name: string, claimant: ClaimCheck & { readonly process: ProcessIdentity }) => Claim | null;
  /** False if the claim is no longer ours. */
  readonly renew: (name: string, claimant: ClaimTime & { readonly process: ProcessIdentity }) => boolean;
  /** Releases the claim if it is ours. */
  readonly release: (name: string, process: ProcessIdentity) => void;
}

export interface CleanUpRequest {
  readonly nowMs: number;
  readonly checkOwner: (owner: ProcessIdentity) => ProcessLife;
}

/** Removes what years of runs leave behind, by the rules in docs/state.md. */
export interface CleanUp {
  /** Once a day, or sooner after many new circuits. */
  readonly isDue: (nowMs: number) => boolean;
  /** Removes it in one transaction. Isolated circuits stay. */
  readonly run: (request: CleanUpRequest) => void;
}

/** Single numbers, such as the last revision of the totals that was sent to an outlet. */
export interface MarkStore {
  /** 0 if it was never set. */
  readonly read: (name: string) => number;
  /** Replaces the stored value. */
  readonly set: (name: string, mark: { readonly value: number; readonly nowMs: number }) => void;
  /** Keeps the stored value if that is larger. */
  readonly raise: (name: string, mark: { readonly value: number; readonly nowMs: number }) => void;
}

/** Why the file cannot be used; the state is then in memory. */
export type StateProblem =
  | 'unwritable'
  | 'locked'
  | 'full'
  | 'corrupt'
  | 'newer_schema'
  | 'foreign'
  | 'network_file_system';

export interface StateStamp {
  /** Identifies the file at the path; null if there is none. */
  readonly file: string | null;
  /** Changes whenever another connection changes the open file; null if none is open. */
  readonly version: number | null;
}

/** The local state of one user: shared by all their processes, or private to this one when `problem` is set. */
export interface State {
  readonly circuits: CircuitStore;
  readonly metrics: MetricsStore;
  readonly activity: ActivityStore;
  readonly jobs: JobStore;
  readonly checkpoints: CheckpointStore;
  readonly claims: ClaimStore;
  readonly marks: MarkStore;
  readonly cleanUp: CleanUp;
  /** The database file, even if it cannot be used. */
  readonly path: string;
  /** Why this state is in memory only; null while it is in the file. Can change during a run. */
  readonly problem: () => StateProblem | null;
  /** A cheap way to notice changes, for readers that watch the file. Never throws. */
  readonly stamp: () => StateStamp;
  readonly close: () => void;
}
