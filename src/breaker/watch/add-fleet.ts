import { toFleetName } from '../../circuit/circuit-name.ts';
import type { FleetFacts } from '../fleet-facts.ts';
import { showFleetCircuit } from '../fleet-facts.ts';
import { escapeAll } from '../../escape.ts';
import type { SeenFleet } from './fleet-poll.ts';
import type { CircuitActivity, WatchedCircuit, WatchSnapshot } from './snapshot.ts';

interface Adding {
  readonly seen: SeenFleet;
  /** Escapes every text for display, except the names that actions use. */
  readonly isEscaped: boolean;
  /** The monotonic clock, in ms. */
  readonly monotonicMs: number;
}

/** The snapshot with the fleet: each circuit is followed by that of the fleet, as far as the engine answers. */
export function addFleet(local: WatchSnapshot, { seen, isEscaped, monotonicMs }: Adding): WatchSnapshot {
  const { facts, readAtMs, problem, answeredAtMs, fleet } = seen;
  const { name, member } = fleet;
  const answeredAgoMs = answeredAtMs === null ? null : Math.max(0, monotonicMs - answeredAtMs);
  const { newer = [], historyProblem = null } = facts ?? {};
  const left = newer.length === 0 ? {} : { newer };
  const unknown = historyProblem === null ? {} : { historyProblem };
  const shown = { name, problem, answeredAgoMs, quorum: member.quorum, ...left, ...unknown };
  const escape = <T>(value: T): T => (isEscaped ? escapeAll(value) : value);
  if (facts === null) return { ...local, fleet: escape(shown) };
  const nowMs = facts.nowMs + Math.max(0, Math.floor(monotonicMs - readAtMs));
  const inFleet = new Map(
    facts.circuits.map(({ row, bareRow, history }, index): [string, WatchedCircuit] => {
      const view = showFleetCircuit({ row, bareRow }, { nowMs, probeLeaseMs: local.settings.probeLeaseMs, member });
      const refused = view.state === 'closed' ? 0 : (seen.refused[index] ?? 0);
      const circuit = {
        view,
        refused,
        history: mergeBare({ bareRow, history }, facts),
        activity: NO_ACTIVITY,
        isClockAskew: false,
        clockAheadMs: nowMs - local.takenAtMs,
      };
      return [row.name, { ...escape(circuit), name: row.name }];
    }),
  );
  const circuits = local.circuits.flatMap((circuit) => [circuit, inFleet.get(toFleetName(circuit.name)) ?? []].flat());
  return { ...local, circuits, fleet: escape(shown) };
}

/** Operations are counted by host. */
const NO_ACTIVITY: CircuitActivity = {
  successes: [],
  errors: [],
  refused: [],
  retries: [],
  p50Ms: null,
  p95Ms: null,
};

/** With the changes of the bare name; the engine has one clock for both. */
function mergeBare(
  { bareRow, history }: Pick<FleetFacts['circuits'][number], 'bareRow' | 'history'>,
  { histories }: FleetFacts,
): WatchedCircuit['history'] {
  if (bareRow === undefined) return history;
  const others = [...histories.values()].flatMap(({ transitions }) =>
    transitions.filter(({ circuit }) => circuit === bareRow.name),
  );
  return [...history, ...others].toSorted((a, b) => b.atMs - a.atMs || b.epoch - a.epoch);
}
