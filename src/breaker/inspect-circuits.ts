import { findBareName } from '../circuit/circuit-name.ts';
import { showCircuit, type CircuitView } from '../circuit/circuit-view.ts';
import type { CircuitRow, Transition } from '../circuit/circuit.ts';
import type { CircuitStore } from '../circuit/circuit-store.ts';
import { isProcessAlive } from '../state/process-identity.ts';
import type { BreakerContext } from './breaker-context.ts';

/** Transitions searched for the start of an outage. */
const HISTORY_READ = 1000;

/** A circuit with the facts of its current outage. */
export interface InspectedCircuit {
  readonly view: CircuitView;
  /** Calls refused since it last left closed; 0 while it is closed. */
  readonly refused: number;
  /** The latest change to open; null while the circuit is closed or isolated. */
  readonly trip: Transition | null;
}

/** The current state of circuits, as the next call would find it. Changes nothing. */
export async function inspectCircuits(
  context: Pick<BreakerContext, 'state' | 'clock' | 'settings'>,
  rows: readonly CircuitRow[],
): Promise<readonly InspectedCircuit[]> {
  const { circuits } = await context.state();
  const nowMs = context.clock.now();
  const { probeLeaseMs } = context.settings;
  const readBare = bareReader(circuits);
  return rows.map((row) => {
    const view = showCircuit(row, { nowMs, probeLeaseMs, isOwnerAlive: isProcessAlive, bareRow: readBare(row.name) });
    const history = row.epoch === 0 ? [] : circuits.transitions({ circuit: row.name, limit: HISTORY_READ });
    const isOutage = view.state === 'open' || view.state === 'half_open';
    const began = findOutage(history);
    return {
      view,
      refused: countRefused(circuits, view, began),
      trip: isOutage ? (history.find(({ to }) => to === 'open') ?? null) : null,
    };
  });
}

/** Reads the row of a circuit's bare name, once per name. */
export function bareReader({ read }: Pick<CircuitStore, 'read'>): (circuit: string) => CircuitRow | undefined {
  const rows = new Map<string, CircuitRow | undefined>();
  return (circuit) => {
    const bareName = findBareName(circuit);
    if (bareName === null) return undefined;
    if (!rows.has(bareName)) rows.set(bareName, read(bareName));
    return rows.get(bareName);
  };
}

/** Calls refused since the outage began; with an isolation of all scopes, those of all scopes since it began. */
export function countRefused(
  { refusals }: Pick<CircuitStore, 'refusals'>,
  { name, state, isolation }: CircuitView,
  began: Transition | null,
): number {
  if (isolation !== null && isolation.of !== name) return refusals(isolation.of, isolation.epoch);
  return state === 'closed' || began === null ? 0 : refusals(name, began.epoch);
}

/** The last change from `closed`; the oldest known change if that one has been deleted. */
export function findOutage(newestFirst: readonly Transition[]): Transition | null {
  return newestFirst.find(({ from }) => from === 'closed') ?? newestFirst.at(-1) ?? null;
}
