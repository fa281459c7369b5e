import { toFleetName } from '../circuit/circuit-name.ts';
import type { CircuitRow } from '../circuit/circuit.ts';
import type { BreakerContext } from './breaker-context.ts';
import type { InspectedFleet } from './fleet-circuits.ts';
import { inspectCircuits, type InspectedCircuit } from './inspect-circuits.ts';
import { keepRecentlyMet } from './recently-met.ts';
import { noFleetError, selectCircuits, separateFleetNames } from './select-circuits.ts';

interface Selection {
  /** As given, with `fleet/` for circuits of the fleet alone; empty for all of the last 7 days. */
  readonly names: readonly string[];
  readonly scopes: 'in_use' | 'all';
  /** Shows circuits that were not used for long, too. */
  readonly isAllScopes: boolean;
  /** Whether the history of the fleet is needed, too. @default false */
  readonly isHistoryShown?: boolean;
}

/** What a selection finds. */
export interface InspectedNames {
  /** The circuits of this host that it selects. */
  readonly rows: readonly CircuitRow[];
  /** Those of them that are shown. */
  readonly local: readonly InspectedCircuit[];
  readonly fleet: InspectedFleet;
}

/**
 * The circuits of this host, each with the fleet's of the same name, and those of the fleet that are named as such.
 * @throws BreakwaterError `usage` for an unknown name, or one of a fleet where none is set
 */
export async function inspectNamed(
  context: BreakerContext,
  { names, scopes, isAllScopes, isHistoryShown = false }: Selection,
): Promise<InspectedNames> {
  const { own, inFleet } = separateFleetNames(names);
  const named = inFleet.length === 0 ? [] : await selectCircuits(context, inFleet, scopes);
  const rows = own.length === 0 && inFleet.length > 0 ? [] : await selectCircuits(context, own, scopes);
  await refuseWithoutFleet(context, inFleet);
  const inspected = await inspectCircuits(context, rows);
  const local = names.length === 0 && !isAllScopes ? await keepRecentlyMet(context, inspected) : inspected;
  const ofBoth = [...local.map(({ view }) => view.name), ...named.map(({ name }) => name)];
  return { rows, local, fleet: await inspectFleetOf(context, { names: [...new Set(ofBoth)], isHistoryShown }) };
}

/** The fleet's circuits of these names; its code is loaded only where a fleet is named. */
async function inspectFleetOf(
  context: BreakerContext,
  wanted: { readonly names: readonly string[]; readonly isHistoryShown: boolean },
): Promise<InspectedFleet> {
  if ((await context.fleet()) === null) return { circuits: [], history: [], engine: null };
  const { inspectFleet } = await import('./fleet-circuits.ts');
  return await inspectFleet(context, wanted);
}

/**
 * @param names circuits of a fleet, without `fleet/`
 * @throws BreakwaterError `usage` if there are some, and no fleet is set
 */
export async function refuseWithoutFleet(
  { fleet }: Pick<BreakerContext, 'fleet'>,
  [name]: readonly string[],
): Promise<void> {
  if (name === undefined || (await fleet()) !== null) return;
  throw noFleetError(`${toFleetName(name)} is a circuit of a fleet, and none is set`);
}
