import { CIRCUIT_NAMES, type CircuitRow } from '../circuit/circuit.ts';
import { matchesCircuit } from '../circuit/circuit-view.ts';
import { initialRow } from '../circuit/state-machine.ts';
import { BreakwaterError } from '../errors.ts';
import { refuseForeign } from '../state/state-problem.ts';
import type { BreakerContext } from './breaker-context.ts';
import { escapeControls } from '../ui/escape.ts';
import { findNearestWord } from '../ui/nearest-word.ts';

/**
 * The circuits that the names of a command select: a bare name selects all its scopes, a full name itself, no name
 * everything. The circuits of the current scope always exist; a circuit without a record is closed, with the
 * thresholds of the settings.
 * @throws BreakwaterError `usage` for an unknown name, `config` for a state file of another program
 */
export async function selectCircuits(
  { state, circuitName, settings }: Pick<BreakerContext, 'state' | 'circuitName' | 'settings'>,
  queries: readonly string[],
): Promise<readonly CircuitRow[]> {
  const opened = await state();
  const stored = opened.circuits.list();
  refuseForeign(opened);
  const known = new Map(stored.map((row) => [row.name, row]));
  for (const name of CIRCUIT_NAMES.map(circuitName)) {
    if (!known.has(name)) known.set(name, initialRow(name, settings));
  }
  for (const query of queries) {
    if (!known.has(query) && !isCircuitName(query))
      throw unknownCircuitError(query, [...CIRCUIT_NAMES, ...known.keys()]);
    if (query.includes('@') && !known.has(query)) known.set(query, initialRow(query, settings));
  }
  return [...known.values()]
    .filter(({ name }) => queries.length === 0 || queries.some((query) => matchesCircuit(name, query)))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** A bare name, alone or with a scope. Visible ASCII only, because an isolated name is stored and displayed. */
function isCircuitName(query: string): boolean {
  return CIRCUIT_NAMES.some(
    (name) => query === name || (query.startsWith(`${name}@`) && /^[!-~]+$/.test(query.slice(name.length + 1))),
  );
}

function unknownCircuitError(query: string, known: readonly string[]): BreakwaterError {
  const near = findNearestWord(query, known);
  return new BreakwaterError('usage', `no circuit is named "${escapeControls(query).slice(0, 100)}"`, {
    details: {
      reason: 'unknown_circuit',
      hint: `${near === null ? '' : `did you mean ${near}? `}known circuits: ${known.join(', ')}`,
    },
  });
}
