import { setImmediate as turnOfTheLoop, setTimeout as sleep } from 'node:timers/promises';
import type { JobControl } from '../ui/job-control.ts';

/** A stop that has not happened within this time does not happen, in ms: no shell controls this process. */
const STOP_WITHIN_MS = 50;

/** Windows has no stopped processes. */
const NONE: JobControl = { listen: () => ({ [Symbol.dispose]: () => undefined }), stop: async () => undefined };

/** Job control by the signals of POSIX (IEEE Std 1003.1, "Signal Concepts"): SIGTSTP stops, SIGCONT continues. */
export function createJobControl(platform = process.platform): JobControl {
  if (platform === 'win32') return NONE;
  let onStop: (() => void) | null = null;
  let isStopping = false;
  return {
    listen: (listeners) => {
      const stop = (): void => {
        if (!isStopping) listeners.onStop();
      };
      const resume = (): void => {
        if (!isStopping) listeners.onContinue();
      };
      onStop = stop;
      process.on('SIGTSTP', stop);
      process.on('SIGCONT', resume);
      return {
        [Symbol.dispose]: () => {
          onStop = null;
          process.off('SIGTSTP', stop);
          process.off('SIGCONT', resume);
        },
      };
    },
    stop: async (whom) => {
      isStopping = true;
      // Without a listener the signal stops the process. The call returns when it has been continued.
      if (onStop !== null) process.off('SIGTSTP', onStop);
      process.kill(whom === 'group' ? 0 : process.pid, 'SIGTSTP');
      await sleep(STOP_WITHIN_MS);
      // On a busy machine the time can be over before the event loop has seen signals, such as the SIGCONT of this stop.
      await turnOfTheLoop();
      if (onStop !== null) process.on('SIGTSTP', onStop);
      isStopping = false;
    },
  };
}
