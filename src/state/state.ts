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

/** Why the file cannot be used; the program goes on in memory. */
export type StateProblem = 'unwritable' | 'locked' | 'full' | 'corrupt' | 'newer_schema' | 'network_file_system';

/** The local state of one user: shared by all their processes, or of this process alone when `problem` is set. */
export interface State {
  readonly circuits: CircuitStore;
  readonly metrics: MetricsStore;
  /** The database file, also when it cannot be used. */
  readonly path: string;
  /** Why this state is in memory only; null when it is the file. May become set while running. */
  readonly problem: () => StateProblem | null;
  readonly close: () => void;
}
