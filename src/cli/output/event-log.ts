import { formatTime, type Clock } from '../../clock.ts';
import type { BreakwaterError } from '../../errors.ts';
import type { EventSink } from '../../events.ts';
import { escapeControls } from '../../ui/escape.ts';
import { paint, type Paint } from '../../ui/paint.ts';
import { errorLine, eventLine, type LogLevel, type LogLine } from './log-line.ts';
import type { Output, OutputMode } from './output.ts';

const COLOURS: Readonly<Record<LogLevel, Paint>> = { error: 'red', warning: 'yellow', notice: 'cyan', debug: 'faint' };

/** Logs events on stderr, as `--quiet` and `--verbose` allow. */
export function createEventLog(output: Output, clock: Clock): EventSink {
  return (event) => {
    const line = eventLine(event);
    if (line !== null && isShown(line.level, output.mode)) output.note(formatLine(line, output.mode, clock.now()));
  };
}

/** Logs a failure on stderr: one line, a hint below it, and under `--verbose` the stack of an internal error. */
export function logError(output: Output, clock: Clock, error: BreakwaterError): void {
  output.note(formatLine(errorLine(error), output.mode, clock.now()));
  if (output.mode.logFormat === 'json') return;
  if (error.details.hint !== undefined) output.note(`  hint: ${escapeControls(error.details.hint)}`);
  if (!output.mode.verbose || error.code !== 'internal') return;
  const { cause } = error;
  output.note(cause instanceof Error ? (cause.stack ?? '') : (error.stack ?? ''));
}

/** One line of text, or one JSON object. */
export function formatLine(
  { level, event, text, fields }: LogLine,
  { logFormat, stderrHasColour }: Pick<OutputMode, 'logFormat' | 'stderrHasColour'>,
  nowMs: number,
): string {
  if (logFormat === 'json') return JSON.stringify({ time: formatTime(nowMs), level, event, message: text, ...fields });
  const label = stderrHasColour ? paint(level, COLOURS[level]) : level;
  return `${label}: ${escapeControls(text)}`;
}

function isShown(level: LogLevel, { quiet, verbose }: OutputMode): boolean {
  if (level === 'error') return true;
  return level === 'debug' ? verbose && !quiet : !quiet;
}
