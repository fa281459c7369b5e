import type { Transition } from '../circuit/circuit.ts';
import { BreakwaterError } from '../errors.ts';
import type { BreakerContext } from './breaker-context.ts';

/**
 * Changes each named circuit.
 * @returns one state change per circuit
 * @throws BreakwaterError `local_io` if other processes cannot see the change
 */
export async function changeByHand(
  context: Pick<BreakerContext, 'state'>,
  names: readonly string[],
  change: (circuit: string) => Transition,
): Promise<readonly Transition[]> {
  const changes = names.map(change);
  const state = await context.state();
  const problem = state.problem();
  if (problem === null) return changes;
  throw new BreakwaterError('local_io', 'the change was not saved: no other process can see it', {
    details: { reason: problem, hint: `make ${state.path} usable, or choose another directory with --state-dir` },
  });
}
