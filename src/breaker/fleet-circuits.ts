import { findBareName, matchesCircuit, toFleetName } from '../circuit/circuit-name.ts';
import { showCircuit } from '../circuit/circuit-view.ts';
import type { CircuitRow, Transition } from '../circuit/circuit.ts';
import type { FleetGate } from '../circuit/fleet-gate.ts';
import { FleetFailure, type FleetFailureCode, type FleetReading, type FleetStore } from '../circuit/fleet-store.ts';
import type { FleetMember } from '../circuit/host-share.ts';
import { initialRow } from '../circuit/state-machine.ts';
import { BreakwaterError } from '../errors.ts';
import type { BreakerContext } from './breaker-context.ts';
import { countRefused, findOutage, type InspectedCircuit } from './inspect-circuits.ts';

/** Transitions searched for the start of an outage. */
const HISTORY_READ = 1000;

/** The fleet as people see and change it. */
export interface ShownFleet {
  /** The engine, without user and password. */
  readonly name: string;
  /** This host's place in it. */
  readonly member: FleetMember;
  readonly gate: FleetGate;
  readonly store: FleetStore & { readonly answeredAtMs: () => number | null };
}

interface FleetContext extends Pick<BreakerContext, 'state' | 'clock' | 'settings'> {
  readonly fleet: () => Promise<ShownFleet | null>;
}

/** The circuits of the fleet beside those of this host. */
export interface InspectedFleet {
  readonly circuits: readonly InspectedCircuit[];
  /** Newest first; empty if the engine does not tell. */
  readonly history: readonly Transition[];
  /** What is known of the engine; null without a fleet. */
  readonly engine: {
    readonly name: string;
    /** Why it cannot be asked; null if it can. */
    readonly problem: FleetFailureCode | null;
    /** How long ago it last answered, in ms; null if it never did. */
    readonly answeredAgoMs: number | null;
  } | null;
}

const NO_FLEET: InspectedFleet = { circuits: [], history: [], engine: null };

/** The fleet's circuits of these names, as the next call of this host would find them. Never throws for the engine. */
export async function inspectFleet(context: FleetContext, names: readonly string[]): Promise<InspectedFleet> {
  const fleet = await context.fleet();
  if (fleet === null) return NO_FLEET;
  const { name, store } = fleet;
  try {
    const bareNames = new Set(names.flatMap((circuit) => findBareName(circuit) ?? []));
    const reading = await store.read([...new Set([...names, ...bareNames])]);
    const histories = await readHistories(store, [...reading.rows.keys()]);
    const { circuits: refusals } = await context.state();
    const circuits = names.map((circuit): InspectedCircuit => {
      const row = reading.rows.get(circuit) ?? initialRow(circuit, context.settings);
      const view = show(row, { reading, context, member: fleet.member });
      const history = histories.get(circuit) ?? [];
      const isOutage = view.state === 'open' || view.state === 'half_open';
      return {
        view,
        refused: countRefused(refusals, view, findOutage(history)),
        trip: isOutage ? (history.find(({ to }) => to === 'open') ?? null) : null,
      };
    });
    const answeredAtMs = store.answeredAtMs();
    const answeredAgoMs = answeredAtMs === null ? null : Math.max(0, context.clock.monotonic() - answeredAtMs);
    const history = [...histories.values()].flat().toSorted((a, b) => b.atMs - a.atMs || b.epoch - a.epoch);
    return { circuits, history, engine: { name, problem: null, answeredAgoMs } };
  } catch (error) {
    if (!(error instanceof FleetFailure)) throw error;
    return { ...NO_FLEET, engine: { name, problem: error.code, answeredAgoMs: null } };
  }
}

/**
 * Changes circuits for all hosts.
 * @throws BreakwaterError `usage` without a fleet, `unavailable` if the engine cannot be asked
 */
export async function changeFleet(
  context: Pick<FleetContext, 'fleet'>,
  change: (fleet: ShownFleet) => Promise<readonly Transition[]>,
): Promise<readonly Transition[]> {
  const fleet = await context.fleet();
  if (fleet === null) {
    throw new BreakwaterError('usage', '--fleet needs the URL of a fleet', {
      details: { reason: 'no_fleet', hint: 'set BREAKWATER_FLEET, or fleet in the config file' },
    });
  }
  try {
    return await change(fleet);
  } catch (error) {
    if (!(error instanceof FleetFailure)) throw error;
    const what = `the fleet at ${fleet.name} was not changed: ${error.code.replaceAll('_', ' ')}`;
    throw new BreakwaterError('unavailable', what, { cause: error, details: { reason: `fleet_${error.code}` } });
  }
}

/** The names to reset in a fleet: as `namesToReset`. @throws FleetFailure */
export async function fleetNamesToReset(fleet: ShownFleet, queries: readonly string[]): Promise<readonly string[]> {
  const isExact = queries.length > 0 && queries.every((query) => findBareName(query) !== null);
  if (isExact) return [...new Set(queries)];
  const stored = await fleet.store.names();
  return stored.filter((name) => queries.length === 0 || queries.some((query) => matchesCircuit(name, query)));
}

interface Showing {
  readonly reading: FleetReading;
  readonly context: Pick<FleetContext, 'settings'>;
  readonly member: FleetMember;
}

/** A row under the fleet's name, with that of its bare name. */
function show(row: CircuitRow, { reading, context, member }: Showing) {
  const bareRow = reading.rows.get(findBareName(row.name) ?? '');
  return showCircuit(rename(row), {
    nowMs: reading.nowMs,
    probeLeaseMs: context.settings.probeLeaseMs,
    fleet: member,
    ...(bareRow === undefined ? {} : { bareRow: rename(bareRow) }),
  });
}

function rename(row: CircuitRow): CircuitRow {
  return { ...row, name: toFleetName(row.name) };
}

/** By circuit, newest first. A user of the engine who may not read lists has none. */
async function readHistories(
  store: FleetStore,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly Transition[]>> {
  const histories = new Map<string, readonly Transition[]>();
  for (const circuit of names) {
    try {
      const transitions = await store.transitions({ circuit, limit: HISTORY_READ });
      histories.set(
        circuit,
        transitions.map((transition) => ({ ...transition, circuit: toFleetName(circuit) })),
      );
    } catch (error) {
      if (error instanceof FleetFailure && error.code === 'no_permission') return histories;
      throw error;
    }
  }
  return histories;
}
