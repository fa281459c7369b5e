import { after } from '../../abort.ts';
import type { Clock } from '../../clock.ts';

/**
 * What work returns; null if it has not ended by then. Its later end, also an error, is ignored.
 * @param limitMs from now, in ms
 */
export async function within<T>(limitMs: number, clock: Clock, work: Promise<T>): Promise<T | null> {
  const late = Promise.withResolvers<null>();
  using _limit = after(clock, Math.max(0, limitMs), () => late.resolve(null));
  work.catch(() => undefined);
  return await Promise.race([work, late.promise]);
}
