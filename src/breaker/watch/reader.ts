import { hostname } from 'node:os';
import { ACTIVITY_KEPT_MS, SLOT_MS, type ActivitySlot, type Job } from '../../activity.ts';
import { showCircuit } from '../../circuit/circuit-view.ts';
import type { CircuitRow, Transition } from '../../circuit/circuit.ts';
import { findQuantileMs } from '../../metrics/quantile.ts';
import { isProcessAlive } from '../../state/process-identity.ts';
import type { StateStamp } from '../../state/state.ts';
import type { CircuitActivity, StateFileView, WatchedCircuit, WatchSnapshot } from './snapshot.ts';
import { findOutage } from '../inspect-circuits.ts';
import { selectCircuits } from '../select-circuits.ts';
import type { CommandRun } from '../../cli/command-run.ts';
import { escapeAll } from '../../ui/escape.ts';

/** Changes of state read for each circuit: the screen scrolls through them, and an outage is looked for among them. */
const HISTORY_READ = 1000;
/** How often a file that cannot be used is tried again, in ms. */
const TRIED_AGAIN_EVERY_MS = 2000;

/** What one reading of the state tells; time alone moves the rest. */
interface StateFacts {
  readonly stateFile: StateFileView;
  readonly circuits: readonly CircuitFacts[];
  readonly slots: readonly ActivitySlot[];
  readonly jobs: readonly Job[];
}

interface CircuitFacts {
  /** As it is stored, whatever is done to the row for showing it. */
  readonly name: string;
  readonly row: CircuitRow;
  readonly refused: number;
  readonly history: readonly Transition[];
}

export interface WatchReader {
  /** Everything as it is now. Reads the file only where it has changed. @throws BreakwaterError `usage` */
  readonly read: (spanMs: number) => Promise<WatchSnapshot>;
  /** Reads the file the next time whatever it looks like: for changes of our own, which the file does not tell us of. */
  readonly forget: () => void;
}

interface ReaderOptions {
  /** Circuits to read; none for all. */
  readonly names: readonly string[];
  /** Every text is made safe to show; names that actions are about stay as they are. */
  readonly isEscaped: boolean;
}

/** Reads the local state for those who look for long: it stays open, and is opened anew where the file was replaced. */
export function createWatchReader(run: CommandRun, options: ReaderOptions): WatchReader {
  const { clock, settings } = run;
  let kept: { readonly facts: StateFacts; readonly stamp: StateStamp; readonly readAtMs: number } | null = null;
  let mustRead = true;
  const refresh = async (): Promise<StateFacts> => {
    const nowMs = clock.now();
    const before = (await run.state()).stamp();
    if (kept !== null) {
      const isOther = before.file !== kept.stamp.file;
      const isUnusable = (await run.state()).problem() !== null;
      const isTriedAgain = isUnusable && Math.abs(nowMs - kept.readAtMs) >= TRIED_AGAIN_EVERY_MS;
      if (isOther || isTriedAgain) await run.reopenState();
      else if (!mustRead && before.version === kept.stamp.version) return kept.facts;
    }
    const state = await run.state();
    // Opens it. The stamp comes before what is read: a change in between is then read twice, not never.
    state.circuits.list();
    const stamp = state.stamp();
    const facts = await readFacts(run, { names: options.names, nowMs, file: stamp.file });
    kept = { facts: options.isEscaped ? escapeFacts(facts) : facts, stamp, readAtMs: nowMs };
    mustRead = false;
    return kept.facts;
  };
  let last: { readonly facts: StateFacts; readonly snapshot: WatchSnapshot } | null = null;
  return {
    read: async (spanMs) => {
      const facts = await refresh();
      const nowMs = clock.now();
      if (last !== null && last.facts === facts && isStill(last.snapshot, { nowMs, spanMs })) return last.snapshot;
      const { openForMs, probeLeaseMs } = settings;
      const snapshot = composeSnapshot(facts, { nowMs, spanMs, host: hostname(), openForMs, probeLeaseMs });
      last = { facts, snapshot };
      return snapshot;
    },
    forget: () => {
      mustRead = true;
    },
  };
}

/** Whether a moment of the same second would show the same: where nothing waits and nothing runs, only ages grow. */
function isStill(
  { takenAtMs, spanMs: before, circuits, jobs }: WatchSnapshot,
  { nowMs, spanMs }: Pick<Moment, 'nowMs' | 'spanMs'>,
): boolean {
  const isSameSecond = Math.floor(takenAtMs / 1000) === Math.floor(nowMs / 1000);
  return (
    isSameSecond && spanMs === before && jobs.length === 0 && circuits.every(({ view }) => view.state === 'closed')
  );
}

function escapeFacts(facts: StateFacts): StateFacts {
  const { stateFile, jobs, circuits } = escapeAll({ ...facts, slots: [] });
  const named = circuits.map((circuit, index) => ({ ...circuit, name: facts.circuits[index]?.name ?? circuit.name }));
  return { stateFile, jobs, circuits: named, slots: facts.slots };
}

async function readFacts(
  run: CommandRun,
  { names, nowMs, file }: { names: readonly string[]; nowMs: number; file: string | null },
): Promise<StateFacts> {
  const rows = await selectCircuits(run, names);
  const state = await run.state();
  const circuits = rows.map((row): CircuitFacts => {
    const history = row.epoch === 0 ? [] : state.circuits.transitions({ circuit: row.name, limit: HISTORY_READ });
    const began = row.state === 'closed' ? null : findOutage(history);
    const refused = began === null ? 0 : state.circuits.refusals(row.name, began.epoch);
    return { name: row.name, row, refused, history };
  });
  const slots = state.activity.read(nowMs - ACTIVITY_KEPT_MS);
  const jobs = state.jobs.list();
  const condition = state.problem() ?? (file === null ? 'missing' : 'ready');
  return { stateFile: { path: state.path, condition }, circuits, slots, jobs };
}

interface Moment {
  readonly nowMs: number;
  readonly spanMs: number;
  readonly host: string;
  readonly openForMs: number;
  readonly probeLeaseMs: number;
}

/** What the facts mean at a moment: what waits is shorter, what is recent has moved on, who has died no longer holds. */
function composeSnapshot(facts: StateFacts, { nowMs, spanMs, host, ...settings }: Moment): WatchSnapshot {
  return {
    takenAtMs: nowMs,
    host,
    spanMs,
    settings,
    stateFile: facts.stateFile,
    circuits: facts.circuits.map(({ name, row, refused, history }): WatchedCircuit => {
      const view = showCircuit(row, nowMs, isProcessAlive);
      return {
        name,
        view,
        refused: view.state === 'closed' ? 0 : refused,
        history,
        activity: addUp(
          facts.slots.filter(({ circuit }) => circuit === name),
          { nowMs, spanMs },
        ),
        isClockAskew: row.state === 'open' && row.openedAtMs !== null && row.openedAtMs > nowMs + SKEW_TOLERATED_MS,
      };
    }),
    jobs: facts.jobs.map((job) => ({ ...job, isAlive: isProcessAlive(job.process) })),
  };
}

/** Two processes of one machine may read its clock in another order than they write, in ms. */
const SKEW_TOLERATED_MS = 1000;

function addUp(slots: readonly ActivitySlot[], { nowMs, spanMs }: Pick<Moment, 'nowMs' | 'spanMs'>): CircuitActivity {
  const count = Math.ceil(spanMs / SLOT_MS);
  const firstMs = (Math.floor(nowMs / SLOT_MS) - count + 1) * SLOT_MS;
  const within = slots.filter(({ slotMs }) => slotMs >= firstMs && slotMs <= nowMs);
  const bySlot = new Map(within.map((slot) => [slot.slotMs, slot]));
  const row = (pick: (slot: ActivitySlot) => number): readonly number[] =>
    Array.from({ length: count }, (_, index) => {
      const slot = bySlot.get(firstMs + index * SLOT_MS);
      return slot === undefined ? 0 : pick(slot);
    });
  const durations = sumEach(within.map((slot) => slot.durations));
  return {
    successes: row((slot) => slot.successes),
    errors: row((slot) => slot.errors),
    refused: row((slot) => slot.refused),
    retries: sumEach(within.map((slot) => slot.retries)),
    p50Ms: findQuantileMs(durations, 0.5),
    p95Ms: findQuantileMs(durations, 0.95),
  };
}

function sumEach(lists: readonly (readonly number[])[]): readonly number[] {
  const length = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length }, (_, index) => lists.reduce((sum, list) => sum + (list[index] ?? 0), 0));
}
