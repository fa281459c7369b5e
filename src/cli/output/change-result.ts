import type { FleetChanges } from '../../breaker/change-fleet.ts';
import { transitionDocument } from '../../breaker/circuit-document.ts';
import type { CircuitsChanged } from '../../documents/circuit-documents.ts';
import type { Transition } from '../../circuit/circuit.ts';
import { formatChange } from '../../ui/circuit-words.ts';
import { escapeControls } from '../../escape.ts';
import type { CommandResult } from '../command-run.ts';

/**
 * The result of `breaker-reset` and `breaker-isolate`: one line per circuit.
 * @param isolationsLeft bare names whose isolation still blocks the circuits that were reset
 */
export function presentChanges(changes: readonly Transition[], isolationsLeft: readonly string[] = []): CommandResult {
  const left = isolationsLeft.map(
    (name) => `every scope of ${name} is still isolated: breakwater breaker-reset ${name}`,
  );
  return {
    json: changesDocument(changes, isolationsLeft),
    summary: [...changes.map(formatChange), ...left].map(escapeControls).join('\n'),
  };
}

/** The result for the circuits of a fleet, of which some may not have been changed. */
export function presentFleetChanges(
  { changes, unchanged, failure }: FleetChanges,
  isolationsLeft: readonly string[] = [],
): CommandResult {
  const { summary } = presentChanges(changes, isolationsLeft);
  return {
    json: {
      ...changesDocument(changes, isolationsLeft),
      ...(unchanged.length === 0
        ? {}
        : {
            not_changed: unchanged.map(({ circuit, code }) => ({
              circuit,
              reason: code === null ? null : (`fleet_${code}` as const),
            })),
          }),
    },
    ...(changes.length === 0 || summary === undefined ? {} : { summary }),
    ...(failure === null ? {} : { failure }),
  };
}

function changesDocument(changes: readonly Transition[], isolationsLeft: readonly string[]): CircuitsChanged {
  return {
    changes: changes.map(transitionDocument),
    ...(isolationsLeft.length === 0 ? {} : { still_isolated: isolationsLeft }),
  };
}
