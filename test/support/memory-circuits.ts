import type { CircuitRow, Transition } from '../../src/circuit/circuit.ts';
import type { CircuitStore } from '../../src/circuit/circuit-store.ts';

export interface MemoryCircuits extends CircuitStore {
  /** Write transactions so far. */
  readonly writes: () => number;
  /** Runs once, just before the next write transaction, as another process would. */
  readonly beforeNextWrite: (act: () => void) => void;
  /** Deletes a row, as a state file that is replaced does. */
  readonly remove: (name: string) => void;
  /** Counts refused calls of an epoch of a circuit. */
  readonly addRefusals: (circuit: string, epoch: number, count: number) => void;
}

/** A store in memory that counts its write transactions; passes test/contract/circuit-store.ts. */
export function createMemoryCircuits(...rows: readonly CircuitRow[]): MemoryCircuits {
  const stored = new Map(rows.map((row) => [row.name, row]));
  const history: Transition[] = [];
  const refused: { circuit: string; epoch: number; count: number }[] = [];
  let writes = 0;
  let between: (() => void) | null = null;
  return {
    writes: () => writes,
    beforeNextWrite: (act) => {
      between = act;
    },
    remove: (name) => void stored.delete(name),
    addRefusals: (circuit, epoch, count) => refused.push({ circuit, epoch, count }),
    read: (name) => stored.get(name),
    list: () => [...stored.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    update: (name, change) => {
      const act = between;
      between = null;
      act?.();
      writes += 1;
      const { row, transitions, result } = change(stored.get(name));
      if (row !== undefined) stored.set(name, row);
      history.push(...transitions);
      return result;
    },
    transitions: ({ circuit, limit }) =>
      history
        .toReversed()
        .filter((transition) => circuit === undefined || transition.circuit === circuit)
        .slice(0, limit),
    refusals: (circuit, sinceEpoch) =>
      refused
        .filter((one) => one.circuit === circuit && one.epoch >= sinceEpoch)
        .reduce((sum, { count }) => sum + count, 0),
  };
}
