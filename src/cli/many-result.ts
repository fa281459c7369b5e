import { BreakwaterError } from '../errors.ts';
import type { ManyResult } from '../transfer/run-many.ts';
import { describeBytes } from '../ui/progress-text.ts';
import type { CommandResult } from './command-run.ts';
import { escapeControls } from './escape.ts';

/** The result of a command over many objects: one summary, every failure by name, `partial` when there is one. */
export function presentMany({ done, bytes, failed, failures }: ManyResult, verb: 'sent' | 'received'): CommandResult {
  const json = {
    objects: done,
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
  const counted = `${done} ${done === 1 ? 'object' : 'objects'}, ${describeBytes(bytes)}`;
  if (failed === 0) return { json, summary: `${verb} ${counted}` };
  const [first] = failures;
  const named = first === undefined ? '' : `, the first: ${escapeControls(first.error.message)}`;
  return {
    json,
    lines: failures.map(({ name, error }) => `failed ${escapeControls(name)}: ${escapeControls(error.message)}`),
    summary: `${verb} ${counted}; ${failed} failed`,
    failure: new BreakwaterError('partial', `${failed} of ${done + failed} objects failed${named}`, {
      details: { hint: 'run the command again for those that failed' },
    }),
  };
}
