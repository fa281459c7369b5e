import type { CircuitRow, Transition } from '../../src/circuit/circuit.ts';
import type { CircuitStore } from '../../src/circuit/circuit-store.ts';

export interface MemoryCircuits extends CircuitStore {
  /** Write transactions so far. */
  readonly writes: () => number;
  /** Runs once, just before the next write transaction: what another process does in between. */
  readonly beforeNextWrite: (act: () => void) => void;
}

/** A store in memory that counts its write transactions. */
export function createMemoryCircuits(...rows: readonly CircuitRow[]): MemoryCircuits {
  const stored = new Map(rows.map((row) => [row.name, row]));
  const transitions: Transition[] = [];
  let writes = 0;
  let between: (() => void) | null = null;
  return {
    writes: () => writes,
    beforeNextWrite: (act) => {
      between = act;
    },
    read: (name) => stored.get(name),
    list: () => [...stored.values()],
    update: (name, change) => {
      const act = between;
      between = null;
      act?.();
      writes += 1;
      const { row, transitions: recorded, result } = change(stored.get(name));
      if (row !== undefined) stored.set(name, row);
      transitions.push(...recorded);
      return result;
    },
    transitions: () => transitions.toReversed(),
    refusals: () => 0,
  };
}
