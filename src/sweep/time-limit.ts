import { after } from '../abort.ts';
import type { Clock } from '../clock.ts';
import { BreakwaterError } from '../errors.ts';
import { TIME_IS_OVER } from './sweep.ts';

export interface TimeLimit {
  /** Aborted with the command, or when the time is up. */
  readonly signal: AbortSignal;
  /** Starts the timer. */
  readonly begin: () => void;
}

interface LimitedRun {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal: AbortSignal;
  readonly onClose: (close: () => void) => void;
}

/** Limits the duration of some work. Reaching the limit is an interruption with the reason `max_duration`. */
export function limitTime({ clock, signal, onClose }: LimitedRun, maxMs: number | null): TimeLimit {
  if (maxMs === null) return { signal, begin: () => undefined };
  const over = new AbortController();
  const end = (): void =>
    over.abort(new BreakwaterError('interrupted', 'the time limit has passed', { details: { reason: TIME_IS_OVER } }));
  return {
    signal: AbortSignal.any([signal, over.signal]),
    begin: () => {
      const timer = after(clock, maxMs, end);
      onClose(() => timer[Symbol.dispose]());
    },
  };
}
