/**
 * Met: on a busy machine, a live screen that `fg` continued could be drawn, taken away and drawn again. Keys pressed in
 *   between met the terminal in the mode of the shell, where Ctrl-U deletes what was typed before it.
 * Cause: the SIGCONT of a stop is ignored for 50 ms, and these could be over before the event loop had looked for signals.
 * Fix: after these 50 ms, one more turn of the loop.
 */
import { once } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { createJobControl } from '../../src/cli/job-control.ts';

const BUSY_MS = 80;

afterEach(() => vi.restoreAllMocks());

it.skipIf(process.platform === 'win32')(
  'a stop takes its own continue, also where nothing runs for a while after it',
  async () => {
    // In place of a shell: continues at once what would have been stopped.
    const kill = process.kill.bind(process);
    const killed = vi.spyOn(process, 'kill').mockImplementation((pid) => kill(pid, 'SIGCONT'));
    const control = createJobControl('linux');
    const onContinue = vi.fn<() => void>();
    using _listening = control.listen({ onStop: () => undefined, onContinue });
    const continued = once(process, 'SIGCONT');
    const stopping = control.stop('process');
    expect(killed).toHaveBeenCalledWith(process.pid, 'SIGTSTP');
    const busyUntilMs = performance.now() + BUSY_MS;
    while (performance.now() < busyUntilMs);
    await stopping;
    await continued;
    expect(onContinue).not.toHaveBeenCalled();

    const another = once(process, 'SIGCONT');
    kill(process.pid, 'SIGCONT');
    await another;
    expect(onContinue).toHaveBeenCalledTimes(1);
  },
);
