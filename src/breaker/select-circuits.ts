import { CIRCUIT_NAMES, type CircuitRow } from '../circuit/circuit.ts';
import { matchesCircuit } from '../circuit/circuit-view.ts';
import { initialRow } from '../circuit/state-machine.ts';
import { BreakwaterError } from '../errors.ts';
import type { CommandRun } from '../cli/command-run.ts';
import { escapeControls } from '../ui/escape.ts';
import { findNearestWord } from '../ui/nearest-word.ts';

/**
 * The circuits that names in a command mean: a bare name every scope of it, a full name itself, no name all of them.
 * The two bare names are always known, in the scope of the settings too; what has no record is closed,
 * as the first call would find it: with the thresholds of the settings.
 * @throws BreakwaterError `usage` for a name that is no circuit's
 */
export async function selectCircuits(run: CommandRun, queries: readonly string[]): Promise<readonly CircuitRow[]> {
  const stored = (await run.state()).circuits.list();
  const known = new Map(stored.map((row) => [row.name, row]));
  for (const name of CIRCUIT_NAMES.map(run.circuitName)) {
    if (!known.has(name)) known.set(name, initialRow(name, run.settings));
  }
  for (const query of queries) {
    if (!known.has(query) && !isCircuitName(query)) throw describeUnknown(query, [...CIRCUIT_NAMES, ...known.keys()]);
    if (query.includes('@') && !known.has(query)) known.set(query, initialRow(query, run.settings));
  }
  return [...known.values()]
    .filter(({ name }) => queries.length === 0 || queries.some((query) => matchesCircuit(name, query)))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** A bare name, alone or with a scope. Visible ASCII only: what is isolated is stored, and shown to all who look. */
function isCircuitName(query: string): boolean {
  return CIRCUIT_NAMES.some(
    (name) => query === name || (query.startsWith(`${name}@`) && /^[!-~]+$/.test(query.slice(name.length + 1))),
  );
}

function describeUnknown(query: string, known: readonly string[]): BreakwaterError {
  const near = findNearestWord(query, known);
  return new BreakwaterError('usage', `there is no circuit "${escapeControls(query).slice(0, 100)}"`, {
    details: {
      reason: 'unknown_circuit',
      hint: `${near === null ? '' : `did you mean ${near}? `}known are ${known.join(', ')}`,
    },
  });
}
