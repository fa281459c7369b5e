import type { Clock } from '../../clock.ts';
import { BreakwaterError } from '../../errors.ts';

export interface Grace {
  /** Aborted with the reason of the first signal, but later. */
  readonly signal: AbortSignal;
  /** Ends the wait for it; nothing is aborted after that. */
  readonly close: () => void;
}

/**
 * Time for what is on its way: `signal` begins nothing new, and `graceMs` later what still runs is aborted. A deadline
 * leaves none: it has been promised to somebody.
 */
export function grantGrace(
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Pick<Clock, 'sleep'> },
  graceMs: number,
): Grace {
  const late = new AbortController();
  const closed = new AbortController();
  const onAbort = async (): Promise<void> => {
    const { reason }: { reason: unknown } = signal;
    const isDeadline = reason instanceof BreakwaterError && reason.code === 'deadline';
    // Closing ends the sleep with an error that says nothing.
    if (!isDeadline) await clock.sleep(graceMs, closed.signal).catch(() => undefined);
    if (!closed.signal.aborted) late.abort(reason);
  };
  if (signal.aborted) void onAbort();
  else signal.addEventListener('abort', () => void onAbort(), { once: true, signal: closed.signal });
  return { signal: late.signal, close: () => closed.abort() };
}
