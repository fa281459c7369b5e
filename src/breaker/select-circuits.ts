import { findBareName, findFleetCircuit, isScope, matchesCircuit } from '../circuit/circuit-name.ts';
import { CIRCUIT_NAMES, type CircuitName, type CircuitRow } from '../circuit/circuit.ts';
import { initialRow } from '../circuit/state-machine.ts';
import { BreakwaterError } from '../errors.ts';
import { refuseForeign } from '../state/state-problem.ts';
import type { BreakerContext } from './breaker-context.ts';
import { quoteGiven } from '../mask-credentials.ts';
import { findNearestWord } from '../ui/nearest-word.ts';

type Selecting = Pick<BreakerContext, 'state' | 'circuitName' | 'settings'>;

/**
 * Selects the circuits to show. A full name selects one circuit; a bare name, or none, selects the circuit of the scope
 * in use, which always exists, or every scope. A circuit without a record is closed, with the thresholds from the
 * settings.
 * @param scopes `in_use`: the endpoint or region that a transfer would use now
 * @throws BreakwaterError `usage` for an unknown name, `config` for a state file of another program
 */
export async function selectCircuits(
  context: Selecting,
  queries: readonly string[],
  scopes: 'in_use' | 'all',
): Promise<readonly CircuitRow[]> {
  const known = await readKnown(context, queries);
  const asked = queries.length === 0 ? CIRCUIT_NAMES : queries;
  const wanted =
    scopes === 'all' ? asked : asked.map((query) => (isBareName(query) ? context.circuitName(query) : query));
  return [...known.values()]
    .filter(({ name }) => !isBareName(name) && wanted.some((query) => matchesCircuit(name, query)))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The names to isolate, as given. A bare name stays bare, so that it covers scopes without a record.
 * @throws BreakwaterError `usage` for an unknown name
 */
export async function namesToIsolate(context: Selecting, queries: readonly string[]): Promise<readonly string[]> {
  await readKnown(context, queries);
  return [...new Set(queries)];
}

/**
 * The names to reset. A full name selects one circuit, a bare name all its scopes and their isolation, no name all.
 * @throws BreakwaterError `usage` for an unknown name
 */
export async function namesToReset(context: Selecting, queries: readonly string[]): Promise<readonly string[]> {
  const { circuits } = await context.state();
  const isIsolated = (name: string): boolean => circuits.read(name)?.state === 'isolated';
  const bareNames = (queries.length === 0 ? CIRCUIT_NAMES : queries.filter(isBareName)).filter(isIsolated);
  const rows = await selectCircuits(context, queries, 'all');
  return [...new Set(bareNames), ...rows.map(({ name }) => name)];
}

/** Isolations of all scopes that still block circuits reset by full name. */
export async function isolationsLeft(context: Selecting, reset: readonly string[]): Promise<readonly string[]> {
  const { circuits } = await context.state();
  const bareNames = new Set(reset.flatMap((name) => findBareName(name) ?? []));
  return [...bareNames].filter((name) => circuits.read(name)?.state === 'isolated');
}

/** Every circuit with a record, those of the scope in use, and those that the queries name. */
async function readKnown(
  { state, circuitName, settings }: Selecting,
  queries: readonly string[],
): Promise<ReadonlyMap<string, CircuitRow>> {
  const opened = await state();
  const stored = opened.circuits.list();
  refuseForeign(opened);
  const known = new Map(stored.map((row) => [row.name, row]));
  const add = (name: string): void => void (known.has(name) || known.set(name, initialRow(name, settings)));
  CIRCUIT_NAMES.map(circuitName).forEach(add);
  for (const query of queries) {
    if (!known.has(query) && !isCircuitName(query))
      throw unknownCircuitError(query, [...new Set([...CIRCUIT_NAMES, ...known.keys()])]);
    if (query.includes('@')) add(query);
  }
  return known;
}

function isBareName(name: string): name is CircuitName {
  return CIRCUIT_NAMES.some((bareName) => name === bareName);
}

/** Whether this is a bare name, alone or with a scope that a transfer may have. */
function isCircuitName(query: string): boolean {
  return CIRCUIT_NAMES.some(
    (name) => query === name || (query.startsWith(`${name}@`) && isScope(query.slice(name.length + 1))),
  );
}

/** The names of this host's circuits, and those of the fleet's, without `fleet/`. */
export function separateFleetNames(queries: readonly string[]): {
  readonly own: readonly string[];
  readonly inFleet: readonly string[];
} {
  return {
    own: queries.filter((query) => findFleetCircuit(query) === null),
    inFleet: queries.flatMap((query) => findFleetCircuit(query) ?? []),
  };
}

/**
 * The names without `fleet/`, and whether they are circuits of the fleet: by that, or because all are asked for.
 * @throws BreakwaterError `usage` for names of both kinds
 */
export function splitFleetNames(
  queries: readonly string[],
  isForFleet: boolean,
): { readonly names: readonly string[]; readonly isForFleet: boolean } {
  const { own, inFleet } = separateFleetNames(queries);
  if (inFleet.length === 0) return { names: queries, isForFleet };
  if (!isForFleet && own.length > 0) {
    throw new BreakwaterError('usage', 'circuits of this host and of the fleet cannot be changed by one command', {
      details: { reason: 'mixed_circuits', hint: 'change those that begin with fleet/ by a command of their own' },
    });
  }
  const names = queries.map((query) => findFleetCircuit(query) ?? query);
  return { names, isForFleet: true };
}

/** @param message what needs a fleet, where none is set */
export function noFleetError(message: string): BreakwaterError {
  return new BreakwaterError('usage', message, {
    details: { reason: 'no_fleet', hint: 'set BREAKWATER_FLEET, or fleet in the config file' },
  });
}

function unknownCircuitError(query: string, known: readonly string[]): BreakwaterError {
  const near = findNearestWord(findFleetCircuit(query) ?? query, known);
  const advice = query.includes('://')
    ? 'the URL of a fleet belongs in BREAKWATER_FLEET; '
    : near === null
      ? ''
      : `did you mean ${near}? `;
  return new BreakwaterError('usage', `no circuit is named ${quoteGiven(query, 100)}`, {
    details: {
      reason: 'unknown_circuit',
      hint: `${advice}known circuits: ${known.join(', ')}`,
    },
  });
}
