import { transitionDocument } from '../../breaker/circuit-document.ts';
import type { Transition } from '../../circuit/circuit.ts';
import { formatChange } from '../../ui/circuit-words.ts';
import { escapeControls } from '../../ui/escape.ts';
import type { CommandResult } from '../command-run.ts';

/** The result of `breaker-reset` and `breaker-isolate`: one line for each circuit. */
export function presentChanges(changes: readonly Transition[]): CommandResult {
  return {
    json: { changes: changes.map(transitionDocument) },
    summary: changes.map((change) => escapeControls(formatChange(change))).join('\n'),
  };
}
