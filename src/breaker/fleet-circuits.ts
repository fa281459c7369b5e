import { findBareName, findFleetCircuit, matchesCircuit } from '../circuit/circuit-name.ts';
import type { Transition } from '../circuit/circuit.ts';
import { FleetFailure, type FleetFailureCode } from '../circuit/fleet-store.ts';
import type { BreakerContext, ShownFleet } from './breaker-context.ts';
import { readFleetFacts, showFleetCircuit } from './fleet-facts.ts';
import { countRefused, findOutage, type InspectedCircuit } from './inspect-circuits.ts';

type FleetContext = Pick<BreakerContext, 'state' | 'clock' | 'settings' | 'fleet'>;

/** The circuits of the fleet beside those of this host. */
export interface InspectedFleet {
  readonly circuits: readonly InspectedCircuit[];
  /** Newest first; empty if the engine does not tell: see `engine`. */
  readonly history: readonly Transition[];
  /** What is known of the engine; null without a fleet. */
  readonly engine: {
    readonly name: string;
    /** Why it cannot be asked; null if it can. */
    readonly problem: FleetFailureCode | null;
    /** How long ago it last answered, in ms; null if it never did. */
    readonly answeredAgoMs: number | null;
    /** Circuits that are left out, because a newer program has written them. @default none */
    readonly newer?: readonly string[];
    /** Why the history is incomplete, though the circuits could be read. @default null: it is complete */
    readonly historyProblem?: FleetFailureCode | null;
  } | null;
}

const NO_FLEET: InspectedFleet = { circuits: [], history: [], engine: null };

/** The fleet's circuits of these names, as the next call of this host would find them. Never throws for the engine. */
export async function inspectFleet(
  context: FleetContext,
  { names, isHistoryShown = false }: { readonly names: readonly string[]; readonly isHistoryShown?: boolean },
): Promise<InspectedFleet> {
  const fleet = await context.fleet();
  if (fleet === null) return NO_FLEET;
  const { name, store, member } = fleet;
  try {
    const { settings } = context;
    const facts = await readFleetFacts(store, { names, settings, isHistoryShown });
    const { nowMs, newer, historyProblem } = facts;
    const { circuits: refusals } = await context.state();
    const circuits = facts.circuits.map((circuit): InspectedCircuit => {
      const view = showFleetCircuit(circuit, { nowMs, probeLeaseMs: settings.probeLeaseMs, member });
      const isOutage = view.state === 'open' || view.state === 'half_open';
      return {
        view,
        refused: countRefused(refusals, view, findOutage(circuit.history)),
        trip: isOutage ? (circuit.history.find(({ to }) => to === 'open') ?? null) : null,
      };
    });
    const answeredAtMs = store.answeredAtMs();
    const answeredAgoMs = answeredAtMs === null ? null : Math.max(0, context.clock.monotonic() - answeredAtMs);
    const history = [...facts.histories.values()]
      .flatMap(({ transitions }) => transitions)
      .toSorted((a, b) => b.atMs - a.atMs || b.epoch - a.epoch);
    return { circuits, history, engine: { name, problem: null, answeredAgoMs, newer, historyProblem } };
  } catch (error) {
    if (!(error instanceof FleetFailure)) throw error;
    return { ...NO_FLEET, engine: { name, problem: error.code, answeredAgoMs: null } };
  }
}

/** Names, such as `fleet/s3-upload`, whose isolation of every scope still refuses circuits that were reset. */
export async function fleetIsolationsLeft(
  context: FleetContext,
  changes: readonly Pick<Transition, 'circuit'>[],
): Promise<readonly string[]> {
  const names = changes.map(({ circuit }) => findFleetCircuit(circuit) ?? circuit).filter((name) => name.includes('@'));
  if (names.length === 0) return [];
  const { circuits } = await inspectFleet(context, { names });
  return [...new Set(circuits.flatMap(({ view: { isolation } }) => (isolation === null ? [] : [isolation.of])))];
}

interface FleetNames {
  readonly names: readonly string[];
  /** Why there may be others: the user of the engine may not list its keys, or it has too many; null if these are all. */
  readonly missing: 'no_permission' | 'too_many_keys' | null;
}

/**
 * The names to reset in a fleet: as `namesToReset`.
 * @param known what this host knows of them, for a user who may not list keys
 * @throws FleetFailure
 */
export async function fleetNamesToReset(
  { store }: ShownFleet,
  { queries, known }: { readonly queries: readonly string[]; readonly known: readonly string[] },
): Promise<FleetNames> {
  const isExact = queries.length > 0 && queries.every((query) => findBareName(query) !== null);
  if (isExact) return { names: [...new Set(queries)], missing: null };
  const { names: stored, missing } = await listStored(store);
  const isAsked = (name: string): boolean =>
    queries.length === 0 || queries.some((query) => matchesCircuit(name, query));
  const found = stored.filter(isAsked);
  if (missing === null) return { names: found, missing };
  // An isolation of all scopes is among them.
  const names = [...new Set([...found, ...known.flatMap((name) => [findBareName(name) ?? name, name])])];
  const { texts } = await store.read(names, { skipsNewer: true });
  return { names: names.filter((name) => texts.has(name)), missing };
}

async function listStored(store: ShownFleet['store']): Promise<FleetNames> {
  try {
    const { names, isComplete } = await store.names();
    return { names, missing: isComplete ? null : 'too_many_keys' };
  } catch (error) {
    if (!(error instanceof FleetFailure && error.code === 'no_permission')) throw error;
    return { names: [], missing: 'no_permission' };
  }
}
