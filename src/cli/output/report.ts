import type { Clock } from '../../clock.ts';
import type { BreakwaterError } from '../../errors.ts';
import type { CommandResult } from '../command-run.ts';
import { failureDocument, successDocument } from './json-document.ts';
import { logError } from './event-log.ts';
import { exitStatusOf } from './exit-status.ts';
import type { Output } from './output.ts';
import { toJsonText } from '../../json-text.ts';

/** Prints the result of a command. @returns the exit status */
export function report(
  output: Output,
  clock: Clock,
  { command, result }: { command: string; result: CommandResult },
): number {
  const { json, lines = [], summary = null, failure, isFailureAnAnswer = false } = result;
  const { mode } = output;
  if (mode.json) {
    const document = failure === undefined ? successDocument(command, json) : failureDocument(command, failure, json);
    output.print([toJsonText(document)]);
  } else {
    output.print(lines);
    if (summary !== null && !mode.quiet) output.print([summary]);
  }
  if (failure === undefined) return 0;
  if (!mode.quiet || !isFailureAnAnswer) logError(output, clock, failure);
  return exitStatusOf(failure);
}

/** Prints a failure: always on stderr and, with `--json`, as the one document. @returns the exit status */
export function reportFailure(
  output: Output,
  clock: Clock,
  { command, error }: { command: string | null; error: BreakwaterError },
): number {
  const status = exitStatusOf(error);
  // Status 0 means that the reader closed the pipe: there is nothing to report.
  if (status === 0) return status;
  if (output.mode.json) output.print([toJsonText(failureDocument(command, error))]);
  logError(output, clock, error);
  return status;
}
