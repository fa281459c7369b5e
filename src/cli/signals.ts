import { BreakwaterError } from '../errors.ts';
import { exitStatusOf } from './output/exit-status.ts';

/**
 * On Windows, nothing sends SIGTERM; SIGHUP means that the console closes, which leaves the process about 10 s; and
 * Ctrl-Break, SIGBREAK, is for when Ctrl-C is not heeded (Node, "Signal events").
 */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const SIGNALS_OF_WINDOWS = [...SIGNALS, 'SIGBREAK'] as const;

interface SignalTarget {
  /** Whether a hang-up is to be ignored, as for a process that `nohup` started. */
  readonly ignoresHangUp: boolean;
  readonly onInterrupt: (error: BreakwaterError) => void;
  /** Ends the process immediately with this status; must restore the terminal. */
  readonly onSecond: (status: number) => void;
  /** @default the system that this runs on */
  readonly platform?: NodeJS.Platform;
}

/**
 * The first signal interrupts the command, which can clean up. The second ends the process immediately.
 * @returns a function that removes the listeners
 */
export function listenToSignals({
  ignoresHangUp,
  onInterrupt,
  onSecond,
  platform = process.platform,
}: SignalTarget): () => void {
  const signals = platform === 'win32' ? SIGNALS_OF_WINDOWS : SIGNALS;
  let isInterrupted = false;
  const listen = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGHUP' && ignoresHangUp) return;
    const error = new BreakwaterError('interrupted', `interrupted by ${signal}`, {
      // The two keys of a console ask for the same.
      details: { reason: signal === 'SIGBREAK' ? 'sigint' : signal.toLowerCase() },
    });
    if (isInterrupted) {
      onSecond(exitStatusOf(error));
      return;
    }
    isInterrupted = true;
    onInterrupt(error);
  };
  for (const signal of signals) process.on(signal, listen);
  if (platform !== 'win32') process.on('SIGUSR1', ignore);
  return () => {
    for (const signal of signals) process.off(signal, listen);
    process.off('SIGUSR1', ignore);
  };
}

/** Node opens a debugger at SIGUSR1 unless something listens: whoever reaches its port could read the keys of the process. */
function ignore(): void {}
