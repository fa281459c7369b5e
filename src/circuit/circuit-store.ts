import type { CircuitRow, Transition } from './circuit.ts';

/** The stored circuits. Reads take no write lock and never create a store. */
export interface CircuitStore {
  /** The row, or undefined if none was ever written. */
  readonly read: (name: string) => CircuitRow | undefined;
  /** Every stored row, sorted by name. */
  readonly list: () => readonly CircuitRow[];
  /**
   * Runs `change` on the current row in one write transaction and stores the result; returning the given row writes
   * nothing. If the storage fails, `change` runs again on the same row, in memory. The wait for the lock is bounded.
   */
  readonly update: <T>(name: string, change: (row: CircuitRow | undefined) => CircuitChange<T>) => T;
  /** At most `limit` transitions, newest first; of one circuit or of all. */
  readonly transitions: (query: { circuit?: string; limit: number }) => readonly Transition[];
  /** Calls refused since an epoch of a circuit began. */
  readonly refusals: (circuit: string, sinceEpoch: number) => number;
}

export interface CircuitChange<T> {
  /** The new row, or undefined to write nothing. */
  readonly row: CircuitRow | undefined;
  readonly transitions: readonly Transition[];
  readonly result: T;
}
