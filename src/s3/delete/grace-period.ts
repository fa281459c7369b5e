import type { Clock } from '../../clock.ts';
import { BreakwaterError } from '../../errors.ts';

export interface Grace {
  /** Aborts later than the original signal, with the same reason. */
  readonly signal: AbortSignal;
  /** Ends the wait; nothing is aborted after that. */
  readonly close: () => void;
}

/**
 * Gives requests in flight time to finish, by aborting them `graceMs` after `signal`. After a deadline they get no
 * time, because the command should have ended by then.
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
