import { after } from '../abort.ts';
import type { Clock } from '../clock.ts';
import { BreakwaterError } from '../errors.ts';
import { TIME_IS_OVER } from './time-is-over.ts';

export interface TimeLimit {
  /** Aborted with the command, when the time is up, or by `end`. */
  readonly signal: AbortSignal;
  /** Starts the timer. */
  readonly begin: () => void;
  /** Ends the work now, with this error. */
  readonly end: (error: BreakwaterError) => void;
}

interface LimitedRun {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal: AbortSignal;
  readonly onClose: (close: () => void) => void;
}

/** Limits the duration of some work. Reaching the limit is an interruption with the reason `max_duration`. */
export function limitTime({ clock, signal, onClose }: LimitedRun, maxMs: number | null): TimeLimit {
  const over = new AbortController();
  const end = (error: BreakwaterError): void => over.abort(error);
  return {
    signal: AbortSignal.any([signal, over.signal]),
    begin: () => {
      if (maxMs === null) return;
      const details = { reason: TIME_IS_OVER };
      const timer = after(clock, maxMs, () =>
        end(new BreakwaterError('interrupted', 'the time limit has passed', { details })),
      );
      onClose(() => timer[Symbol.dispose]());
    },
    end,
  };
}
