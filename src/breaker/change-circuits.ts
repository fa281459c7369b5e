import type { Transition } from '../circuit/circuit.ts';
import { BreakwaterError } from '../errors.ts';
import type { BreakerContext } from './breaker-context.ts';
import { selectCircuits } from './select-circuits.ts';

/**
 * Changes every circuit that the names select.
 * @returns one change of state for each of them
 * @throws BreakwaterError `usage` for an unknown name, `local_io` if other processes cannot see the change
 */
export async function changeByHand(
  context: Pick<BreakerContext, 'state' | 'circuitName' | 'settings'>,
  names: readonly string[],
  change: (circuit: string) => Transition,
): Promise<readonly Transition[]> {
  const changes = (await selectCircuits(context, names)).map(({ name }) => change(name));
  const state = await context.state();
  const problem = state.problem();
  if (problem === null) return changes;
  throw new BreakwaterError('local_io', 'the change was not saved: no other process can see it', {
    details: { reason: problem, hint: `make ${state.path} usable, or choose another directory with --state-dir` },
  });
}
