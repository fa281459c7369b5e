import { formatTime, type Clock } from '../../clock.ts';
import type { BreakwaterError } from '../../errors.ts';
import type { EventSink, WaitFacts } from '../../events.ts';
import { keyOfWait } from '../../guard/wait-report.ts';
import { escapeControls } from '../../escape.ts';
import { paint, type Paint } from '../../ui/paint.ts';
import type { LogLevel } from '../../documents/log-lines.ts';
import { DEBUG_KINDS, errorLine, eventLine, type LogLine } from './log-line.ts';
import type { Output, OutputMode } from './output.ts';
import { toJsonText } from '../../json-text.ts';

const COLOURS: Readonly<Record<LogLevel, Paint>> = { error: 'red', warning: 'yellow', notice: 'cyan', debug: 'faint' };

/** A wait that starts again within this time is not logged again, in ms. */
const WAIT_LOGGED_EVERY_MS = 10_000;

/** Logs events on stderr, subject to `--quiet` and `--verbose`. */
export function createEventLog(output: Output, clock: Clock): EventSink {
  const loggedAtMs = new Map<string, number>();
  const isRepeated = (wait: WaitFacts): boolean => {
    const nowMs = clock.monotonic();
    const key = keyOfWait(wait);
    if (nowMs - (loggedAtMs.get(key) ?? -Infinity) < WAIT_LOGGED_EVERY_MS) return true;
    loggedAtMs.set(key, nowMs);
    return false;
  };
  const hasDebug = isShown('debug', output.mode);
  return (event) => {
    // Every object has such events, and its line would take longer than all the rest of its events.
    if (!hasDebug && DEBUG_KINDS.has(event.kind)) return;
    if (event.kind === 'wait_started' && isRepeated(event)) return;
    const line = eventLine(event);
    if (line !== null && isShown(line.level, output.mode)) output.note(formatLine(line, output.mode, clock.now()));
  };
}

/** Logs a failure on stderr: one line, a hint below it and, with `--verbose`, the stack of an internal error. */
export function logError(output: Output, clock: Clock, error: BreakwaterError): void {
  output.note(formatLine(errorLine(error), output.mode, clock.now()));
  if (output.mode.logFormat === 'json') return;
  if (error.details.hint !== undefined) output.note(`  hint: ${escapeControls(error.details.hint)}`);
  if (!output.mode.verbose || error.code !== 'internal') return;
  const { cause } = error;
  const stack = cause instanceof Error ? cause.stack : error.stack;
  // Its first lines are the message, which may come from a store.
  for (const line of (stack ?? '').split('\n')) output.note(escapeControls(line));
}

/** One line of text, or one JSON object. */
export function formatLine(
  line: LogLine,
  { logFormat, stderrHasColour }: Pick<OutputMode, 'logFormat' | 'stderrHasColour'>,
  nowMs: number,
): string {
  const { level, event, text } = line;
  if (logFormat === 'json') return toJsonText({ time: formatTime(nowMs), level, event, message: text, ...line.fields });
  const label = stderrHasColour ? paint(level, COLOURS[level]) : level;
  return `${label}: ${escapeControls(text)}`;
}

function isShown(level: LogLevel, { quiet, verbose }: OutputMode): boolean {
  if (level === 'error') return true;
  return level === 'debug' ? verbose && !quiet : !quiet;
}
