import { BreakwaterError } from '../../errors.ts';
import type { ManyResult } from '../../transfer/run-many.ts';
import { formatBytes } from '../../ui/progress/progress-text.ts';
import type { CommandResult } from '../command-run.ts';
import { escapeControls } from '../../ui/escape.ts';
import { describeError } from './log-line.ts';

/**
 * The result of a command over many objects: one summary, every failure by name. It fails as what ended the run early,
 * or as `partial` when some objects failed.
 */
export function presentMany(result: ManyResult, verb: 'sent' | 'received'): CommandResult {
  const { done, skipped, bytes, failed, failures, ended } = result;
  const json = {
    objects: done,
    skipped,
    bytes,
    failed,
    failures: failures.map(({ name, error }) => ({
      name,
      code: error.code,
      message: error.message,
      http_status: error.details.httpStatus ?? null,
      request_id: error.details.requestId ?? null,
    })),
  };
  const facts = [
    `${verb} ${done} ${done === 1 ? 'object' : 'objects'}, ${formatBytes(bytes)}`,
    ...(skipped === 0 ? [] : [`${skipped} were there already`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ];
  const failure = ended ?? describePartial(result);
  return {
    json,
    // With its code, as the error of a single object has it: S3's own words do not say what they mean here.
    lines: failures.map(
      ({ name, error }) => `failed ${escapeControls(name)}: ${escapeControls(describeError(error).text)}`,
    ),
    summary: facts.join('; '),
    ...(failure === null ? {} : { failure }),
  };
}

function describePartial({ done, skipped, failed, failures }: ManyResult): BreakwaterError | null {
  if (failed === 0) return null;
  const [first] = failures;
  const named = first === undefined ? '' : `, the first: ${escapeControls(describeError(first.error).text)}`;
  return new BreakwaterError('partial', `${failed} of ${done + skipped + failed} objects failed${named}`, {
    details: { hint: 'run the command again for those that failed' },
  });
}
