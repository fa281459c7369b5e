import { findBareName, toFleetName } from '../circuit/circuit-name.ts';
import { showCircuit, type CircuitView } from '../circuit/circuit-view.ts';
import type { CircuitRow, CircuitSettings, Transition } from '../circuit/circuit.ts';
import { FleetFailure, type FleetFailureCode, type FleetStore } from '../circuit/fleet-store.ts';
import type { FleetMember } from '../circuit/host-share.ts';
import { initialRow } from '../circuit/state-machine.ts';

/** Transitions searched for the start of an outage. */
const HISTORY_READ = 1000;

/** A fleet's circuits at one time of the engine's clock, under the fleet's names. */
export interface FleetFacts {
  readonly nowMs: number;
  readonly circuits: readonly FleetCircuitFacts[];
  /** By the name without the fleet's mark. */
  readonly histories: ReadonlyMap<string, KnownHistory>;
  /** Why histories are missing, though the rows could be read; null if none is. */
  readonly historyProblem: FleetFailureCode | null;
  /** Circuits that are left out, because a newer program has written them. */
  readonly newer: readonly string[];
}

interface FleetCircuitFacts {
  readonly row: CircuitRow;
  /** The row of its bare name, which may isolate all scopes. */
  readonly bareRow: CircuitRow | undefined;
  /** Newest first, without those of the bare name; empty if the engine does not tell. */
  readonly history: readonly Transition[];
}

interface KnownHistory {
  readonly epoch: number;
  readonly transitions: readonly Transition[];
  /** Why it could not be read; null if it could. */
  readonly problem: FleetFailureCode | null;
}

interface ReadingFacts {
  readonly names: readonly string[];
  /** For circuits without a row. */
  readonly settings: CircuitSettings;
  /** An earlier reading: a history is read again only when its circuit has changed its state. */
  readonly before?: FleetFacts | null;
  /** Whether the whole histories are needed, or only their current outage. @default true */
  readonly isHistoryShown?: boolean;
}

/** Reads circuits of the fleet by the names of this host's. @throws FleetFailure */
export async function readFleetFacts(
  store: FleetStore,
  { names, settings, before = null, isHistoryShown = true }: ReadingFacts,
): Promise<FleetFacts> {
  const bareNames = names.flatMap((circuit) => findBareName(circuit) ?? []);
  const asked = [...new Set([...names, ...bareNames])];
  const { nowMs, rows, newer = new Set() } = await store.read(asked, { skipsNewer: true });
  const { histories, problem } = await readHistories(store, {
    rows: [...rows.values()],
    known: before?.histories ?? new Map(),
    isEnough: (newestFirst) => !isHistoryShown && newestFirst.some(({ from }) => from === 'closed'),
  });
  const isNewer = (name: string): boolean => newer.has(name) || newer.has(findBareName(name) ?? name);
  const known = names.filter((name) => !isNewer(name));
  const circuits = known.map((name): FleetCircuitFacts => {
    const bareRow = rows.get(findBareName(name) ?? '');
    return {
      row: rename(rows.get(name) ?? initialRow(name, settings)),
      bareRow: bareRow === undefined ? undefined : rename(bareRow),
      history: histories.get(name)?.transitions ?? [],
    };
  });
  return { nowMs, circuits, histories, historyProblem: problem, newer: names.filter(isNewer).map(toFleetName) };
}

/** The circuit as the next call of this host would find it, at a time of the engine's clock. */
export function showFleetCircuit(
  { row, bareRow }: Pick<FleetCircuitFacts, 'row' | 'bareRow'>,
  {
    nowMs,
    probeLeaseMs,
    member,
  }: { readonly nowMs: number; readonly probeLeaseMs: number; readonly member: FleetMember },
): CircuitView {
  return showCircuit(row, { nowMs, probeLeaseMs, fleet: member, ...(bareRow === undefined ? {} : { bareRow }) });
}

function rename(row: CircuitRow): CircuitRow {
  return { ...row, name: toFleetName(row.name) };
}

interface WantedHistories {
  readonly rows: readonly CircuitRow[];
  readonly known: FleetFacts['histories'];
  readonly isEnough: (newestFirst: readonly Transition[]) => boolean;
}

/** A history that cannot be read, or has entries of a newer program, says nothing against the rows: those decide. */
async function readHistories(
  store: FleetStore,
  { rows, known, isEnough }: WantedHistories,
): Promise<{ readonly histories: FleetFacts['histories']; readonly problem: FleetFailureCode | null }> {
  const histories = new Map<string, KnownHistory>();
  let problem: FleetFailureCode | null = null;
  for (const { name, epoch } of rows) {
    const kept = known.get(name);
    if (kept?.epoch === epoch) {
      histories.set(name, kept);
      problem ??= kept.problem;
      continue;
    }
    try {
      const transitions = await store.transitions({ circuit: name, limit: HISTORY_READ, isEnough });
      const circuit = toFleetName(name);
      const named = transitions.map((transition) => ({ ...transition, circuit }));
      histories.set(name, { epoch, transitions: named, problem: null });
    } catch (error) {
      if (!(error instanceof FleetFailure)) throw error;
      histories.set(name, { epoch, transitions: [], problem: error.code });
      problem ??= error.code;
    }
  }
  return { histories, problem };
}
