import type { CircuitRow, Transition } from './circuit.ts';

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
  /** Calls refused since an epoch of a circuit began, later epochs included. */
  readonly refusals: (circuit: string, sinceEpoch: number) => number;
}

export interface CircuitChange<T> {
  /** The new row, or undefined for "write nothing". */
  readonly row: CircuitRow | undefined;
  readonly transitions: readonly Transition[];
  readonly result: T;
}
