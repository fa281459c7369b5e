import { CIRCUIT_NAMES } from '../circuit/circuit.ts';
import { pastTime } from '../stored-time.ts';
import type { BreakerContext } from './breaker-context.ts';
import type { InspectedCircuit } from './inspect-circuits.ts';

/** Closed circuits that were not met for so long are not shown unless all are asked for, in ms: 7 days. */
const SHOWN_FOR_MS = 7 * 86_400_000;

/** Those that matter now: not closed, of the scope in use, or met or changed within 7 days. */
export async function keepRecentlyMet(
  { state, clock, circuitName }: Pick<BreakerContext, 'state' | 'clock' | 'circuitName'>,
  circuits: readonly InspectedCircuit[],
): Promise<readonly InspectedCircuit[]> {
  const met = (await state()).activity.met();
  const nowMs = clock.now();
  const inUse = new Set<string>(CIRCUIT_NAMES.map(circuitName));
  return circuits.filter(({ view: { name, state: shown, row } }) => {
    const times = [met.get(name), row.changedAtMs, row.lastFailure?.atMs].map((at) => pastTime(at ?? 0, nowMs));
    return shown !== 'closed' || inUse.has(name) || Math.max(...times) >= nowMs - SHOWN_FOR_MS;
  });
}
