import { BreakwaterError } from '../../errors.ts';
import { escapeControls } from '../../escape.ts';
import { paint, type Paint } from '../../ui/paint.ts';
import type { CommandResult } from '../command-run.ts';
import type { ChecksDone } from '../../documents/doctor-documents.ts';
import type { Check, CheckStatus } from '../doctor/check.ts';

const PAINTS: Readonly<Record<CheckStatus, Paint>> = {
  ok: 'green',
  warning: 'yellow',
  failed: 'red',
  skipped: 'faint',
};

/** The result of `doctor`: a line for each check, and the exit status of the first that failed. */
export function doctorResult(checks: readonly Check[], { hasColour }: { readonly hasColour: boolean }): CommandResult {
  const document: ChecksDone = { checks: checks.map(({ name, ...finding }) => ({ check: name, ...finding })) };
  const failure = findFailure(checks);
  const lines = checks.map(({ name, status, message, hint }) => {
    const word = status.padEnd('skipped'.length);
    const text = escapeControls(`${message}${hint === null ? '' : `; ${hint}`}`);
    return `${hasColour ? paint(word, PAINTS[status]) : word}  ${name.padEnd('certificates'.length)}  ${text}`;
  });
  return { json: document, lines, ...(failure === null ? {} : { failure }) };
}

function findFailure(checks: readonly Check[]): BreakwaterError | null {
  const broken = checks.filter(({ status }) => status === 'failed');
  const [first] = broken;
  if (first === undefined || first.code === null) return null;
  const names = broken.map(({ name }) => name).join(', ');
  return new BreakwaterError(first.code, `${broken.length} of ${checks.length} checks failed: ${names}`, {
    details: {
      ...(first.reason === null ? {} : { reason: first.reason }),
      ...(first.hint === null ? {} : { hint: first.hint }),
    },
  });
}
