import type { Clock } from '../../clock.ts';
import { formatLine } from './event-log.ts';
import type { Output } from './output.ts';

/**
 * Advice for programmers about the SDK's HTTP client, which its own providers use, for instance with a slow metadata
 * server. A user cannot change that.
 */
const FOR_DEVELOPERS = /^@smithy\//;

/**
 * Sends Node's own warnings, and what libraries print with `console.warn` (the SDK's HTTP client does), through the log,
 * so that `--quiet` and `--log-format json` hold for them. Node prints its warnings from a listener; if it has none,
 * `--no-warnings` switched them off.
 */
export function logForeignWarnings(openOutput: () => Output, clock: Clock): void {
  const warn = (reason: string, text: string): void => {
    const output = openOutput();
    if (output.mode.quiet) return;
    const line = { level: 'warning', event: 'warning', text, fields: { reason } } as const;
    output.note(formatLine(line, output.mode, clock.now()));
  };
  // oxlint-disable-next-line no-console -- replaced, not used
  console.warn = (...words: unknown[]) => {
    const text = words.map(String).join(' ');
    if (!FOR_DEVELOPERS.test(text)) warn('sdk', text);
  };
  if (process.listenerCount('warning') === 0) return;
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    // Of a part of Node or undici that we have chosen, such as SOCKS: nothing that a user could change.
    if (name !== 'ExperimentalWarning') warn('node', `${name}: ${message}`);
  });
}
