import { BreakwaterError } from '../errors.ts';
import { TIME_IS_OVER } from './sweep.ts';
import type { CommandRun } from '../cli/command-run.ts';

export interface TimeLimit {
  /** Aborted when the command is, or when the time is over. */
  readonly signal: AbortSignal;
  /** From here on the time counts. */
  readonly begin: () => void;
}

/** The time that work may take; its end is an interruption with the reason `max_duration`, and no failure. */
export function limitTime(run: Pick<CommandRun, 'signal' | 'clock' | 'onClose'>, maxMs: number | null): TimeLimit {
  if (maxMs === null) return { signal: run.signal, begin: () => undefined };
  const over = new AbortController();
  const ended = new AbortController();
  const wait = async (): Promise<void> => {
    await run.clock.sleep(maxMs, ended.signal);
    over.abort(new BreakwaterError('interrupted', 'its time was over', { details: { reason: TIME_IS_OVER } }));
  };
  run.onClose(() => ended.abort());
  return {
    signal: AbortSignal.any([run.signal, over.signal]),
    // The end of the command ends the sleep with an error that says nothing.
    begin: () => void wait().catch(() => undefined),
  };
}
