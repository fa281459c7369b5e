import { showCircuit, type CircuitView } from '../circuit/circuit-view.ts';
import type { CircuitRow, Transition } from '../circuit/circuit.ts';
import { isProcessAlive } from '../state/process-identity.ts';
import type { CommandRun } from '../cli/command-run.ts';

/** Transitions looked through for the beginning of an outage; an outage with more has forgotten its beginning. */
const LOOKED_THROUGH = 1000;

/** A circuit with what the history and the sums tell of its present outage. */
export interface InspectedCircuit {
  readonly view: CircuitView;
  /** Calls refused since it last left closed; 0 while it is closed. */
  readonly refused: number;
  /** The change that opened it last; null while it is closed or isolated. */
  readonly trip: Transition | null;
}

/** Looks at circuits as an arriving request would meet them. Reads only. */
export async function inspectCircuits(
  run: CommandRun,
  rows: readonly CircuitRow[],
): Promise<readonly InspectedCircuit[]> {
  const { circuits } = await run.state();
  const nowMs = run.clock.now();
  return rows.map((row) => {
    const view = showCircuit(row, nowMs, isProcessAlive);
    const history = row.epoch === 0 ? [] : circuits.transitions({ circuit: row.name, limit: LOOKED_THROUGH });
    const isOut = view.state === 'open' || view.state === 'half_open';
    const began = findOutage(history);
    return {
      view,
      refused: view.state === 'closed' || began === null ? 0 : circuits.refusals(row.name, began.epoch),
      trip: isOut ? (history.find(({ to }) => to === 'open') ?? null) : null,
    };
  });
}

/** The change that ended the last time it was closed; the oldest that is known where that one is forgotten. */
export function findOutage(newestFirst: readonly Transition[]): Transition | null {
  return newestFirst.find(({ from }) => from === 'closed') ?? newestFirst.at(-1) ?? null;
}
