import type { Clock } from '../../clock.ts';
import { BreakwaterError } from '../../errors.ts';

export interface Grace {
  /** Aborted with the reason of the first signal, but later. */
  readonly signal: AbortSignal;
  /** Ends the wait; nothing is aborted after that. */
  readonly close: () => void;
}

/**
 * Gives requests in flight time to end: they are aborted `graceMs` after `signal`. After a deadline they get no time,
 * because the user expects the command to have ended by then.
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
    // Closing rejects the sleep.
    if (!isDeadline) await clock.sleep(graceMs, closed.signal).catch(() => undefined);
    if (!closed.signal.aborted) late.abort(reason);
  };
  if (signal.aborted) void onAbort();
  else signal.addEventListener('abort', () => void onAbort(), { once: true, signal: closed.signal });
  return { signal: late.signal, close: () => closed.abort() };
}
