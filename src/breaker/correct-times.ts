import type { BreakerContext } from './breaker-context.ts';
import type { InspectedCircuit } from './inspect-circuits.ts';

/**
 * Stores the times of refusing circuits that a clock ahead has left in the future, as a refused transfer does. Without it, a
 * job that begins only if a check admits it would be held up for as long as the clock was ahead: nothing else would look.
 */
export async function correctTimes(
  { gate }: Pick<BreakerContext, 'gate'>,
  circuits: readonly InspectedCircuit[],
): Promise<void> {
  const refusing = circuits.filter(({ view }) => view.refusal !== null);
  if (refusing.length === 0) return;
  const { check } = await gate();
  for (const { view } of refusing) check(view.name);
}
