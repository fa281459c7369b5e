import type { CircuitRow, Transition } from '../circuit/circuit.ts';

/** The stored circuits. Reads take no write lock and never create a store. */
export interface CircuitStore {
  /** The row, or undefined where none was ever written. */
  readonly read: (name: string) => CircuitRow | undefined;
  /** Every stored row, by name. */
  readonly list: () => readonly CircuitRow[];
  /**
   * Runs `change` on the current row inside one write transaction and stores what it returns.
   * Returning the row it was given writes nothing. The wait for the lock is bounded.
   */
  readonly update: <T>(name: string, change: (row: CircuitRow | undefined) => CircuitChange<T>) => T;
  /** The newest transitions first, at most `limit`; of one circuit or of all. */
  readonly transitions: (query: { circuit?: string; limit: number }) => readonly Transition[];
  /** Calls refused in one epoch of a circuit. */
  readonly refusals: (circuit: string, epoch: number) => number;
}

export interface CircuitChange<T> {
  /** The new row, or undefined for "write nothing". */
  readonly row: CircuitRow | undefined;
  readonly transitions: readonly Transition[];
  readonly result: T;
}

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
  /** Adds every delta in one transaction: all or nothing. */
  readonly add: (deltas: MetricDeltas) => void;
  readonly read: () => MetricTotals;
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
