import { BreakwaterError } from '../errors.ts';
import { exitStatusOf } from './output/exit-status.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

interface SignalTarget {
  /** Whether a hang-up is to be ignored, as for a process that `nohup` started. */
  readonly ignoresHangUp: boolean;
  readonly onInterrupt: (error: BreakwaterError) => void;
  /** Ends the process immediately with this status; must restore the terminal. */
  readonly onSecond: (status: number) => void;
}

/**
 * The first signal interrupts the command, which can clean up. The second ends the process immediately.
 * @returns a function that removes the listeners
 */
export function listenToSignals({ ignoresHangUp, onInterrupt, onSecond }: SignalTarget): () => void {
  let isInterrupted = false;
  const listen = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGHUP' && ignoresHangUp) return;
    const error = new BreakwaterError('interrupted', `interrupted by ${signal}`, {
      details: { reason: signal.toLowerCase() },
    });
    if (isInterrupted) {
      onSecond(exitStatusOf(error));
      return;
    }
    isInterrupted = true;
    onInterrupt(error);
  };
  for (const signal of SIGNALS) process.on(signal, listen);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listen);
  };
}
