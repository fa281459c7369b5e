import type { Clock } from '../../clock.ts';
import { formatLine } from './event-log.ts';
import type { Output } from './output.ts';

/**
 * Sends Node's own warnings through the log, so that `--quiet` and `--log-format json` hold for them. Node prints them
 * from a listener; if it has none, `--no-warnings` switched them off.
 */
export function logNodeWarnings(openOutput: () => Output, clock: Clock): void {
  if (process.listenerCount('warning') === 0) return;
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    const output = openOutput();
    if (output.mode.quiet) return;
    const line = {
      level: 'warning',
      event: 'warning',
      text: `${name}: ${message}`,
      fields: { reason: 'node' },
    } as const;
    output.note(formatLine(line, output.mode, clock.now()));
  });
}
