import type { BreakerContext } from './breaker-context.ts';
import type { InspectedCircuit } from './inspect-circuits.ts';

/**
 * Corrects stored times of refusing circuits that a wrong clock has left in the future, as a refused transfer does. Otherwise
 * a job that starts only if a check admits it would be blocked for as long as the clock was ahead.
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
