import { hostname } from 'node:os';
import { ACTIVITY_KEPT_MS, SLOT_MS, type ActivitySlot, type Job } from '../../activity.ts';
import { showCircuit } from '../../circuit/circuit-view.ts';
import type { CircuitRow, Transition } from '../../circuit/circuit.ts';
import { findQuantileMs } from '../../metrics/quantile.ts';
import { isProcessAlive } from '../../state/process-identity.ts';
import type { State, StateStamp } from '../../state/state.ts';
import type { CircuitActivity, StateFileView, WatchedCircuit, WatchSnapshot } from './snapshot.ts';
import { addFleet } from './add-fleet.ts';
import { FleetPoll, type SeenFleet } from './fleet-poll.ts';
import type { BreakerContext } from '../breaker-context.ts';
import { bareReader, countRefused, findOutage } from '../inspect-circuits.ts';
import { selectCircuits } from '../select-circuits.ts';
import { escapeAll } from '../../escape.ts';

/** State changes read per circuit, for scrolling and to find the start of an outage. */
const HISTORY_READ = 1000;
/** How often an unusable file is retried, in ms. */
const RETRY_INTERVAL_MS = 2000;

/** The result of one read of the state. A snapshot adds the time-dependent values. */
interface StateFacts {
  readonly stateFile: StateFileView;
  readonly circuits: readonly CircuitFacts[];
  readonly slots: readonly ActivitySlot[];
  readonly jobs: readonly Job[];
}

interface CircuitFacts {
  /** The name as stored, even if the row is escaped for display. */
  readonly name: string;
  readonly row: CircuitRow;
  /** The row of its bare name, which may isolate all scopes. */
  readonly bareRow: CircuitRow | undefined;
  readonly refused: number;
  readonly history: readonly Transition[];
}

export interface WatchReader {
  /** The current snapshot. Rereads the file only if it has changed. @throws BreakwaterError `usage` */
  readonly read: (spanMs: number) => Promise<WatchSnapshot>;
  /** Forces the next read. Needed after our own changes, which do not change our stamp. */
  readonly forget: () => void;
}

interface ReaderOptions {
  /** Circuits to read; empty for all. */
  readonly names: readonly string[];
  /** Which scopes the names select. */
  readonly scopes: 'in_use' | 'all';
  /** Escapes every text for display, except the names that actions use. */
  readonly isEscaped: boolean;
}

/** Reads the local state repeatedly. Keeps the file open, and reopens it if it was replaced. */
export function createWatchReader(context: BreakerContext, options: ReaderOptions): WatchReader {
  const { clock } = context;
  const { openForMs, probeLeaseMs } = context.settings;
  let kept: { readonly facts: StateFacts; readonly stamp: StateStamp; readonly readAtMs: number } | null = null;
  let mustRead = true;
  const poll = new FleetPoll(context);
  const refresh = async (): Promise<StateFacts> => {
    const nowMs = clock.now();
    const before = (await context.state()).stamp();
    if (kept !== null) {
      const isOther = before.file !== kept.stamp.file;
      const isUnusable = (await context.state()).problem() !== null;
      const isTriedAgain = isUnusable && Math.abs(nowMs - kept.readAtMs) >= RETRY_INTERVAL_MS;
      if (isOther || isTriedAgain) await context.reopenState();
      else if (!mustRead && before.version === kept.stamp.version) return kept.facts;
    }
    const state = await context.state();
    // Opens the file. The stamp is taken before the read, so that a change in between is read twice rather than missed.
    state.circuits.list();
    const stamp = state.stamp();
    const facts = await readFacts(context, { ...options, nowMs, file: stamp.file });
    kept = { facts: options.isEscaped ? escapeFacts(facts) : facts, stamp, readAtMs: nowMs };
    mustRead = false;
    return kept.facts;
  };
  let last: { readonly facts: StateFacts; readonly seen: SeenFleet | null; readonly snapshot: WatchSnapshot } | null =
    null;
  return {
    read: async (spanMs) => {
      const facts = await refresh();
      const seen = poll.look(facts.circuits.map(({ name }) => name));
      const moment = { takenAtMs: clock.now(), host: hostname(), spanMs, settings: { openForMs, probeLeaseMs } };
      const isKnown = last !== null && last.facts === facts && last.seen === seen;
      if (isKnown && last !== null && isStill(last.snapshot, moment)) return last.snapshot;
      const local = composeSnapshot(facts, moment);
      const { isEscaped } = options;
      const snapshot = seen === null ? local : addFleet(local, { seen, isEscaped, monotonicMs: clock.monotonic() });
      last = { facts, seen, snapshot };
      return snapshot;
    },
    forget: () => {
      mustRead = true;
      poll.forget();
    },
  };
}

/** Whether the screen would look the same: same second, nothing running, nothing waiting. */
function isStill({ circuits, jobs, ...shown }: WatchSnapshot, { takenAtMs, spanMs }: Moment): boolean {
  const isSameSecond = Math.floor(shown.takenAtMs / 1000) === Math.floor(takenAtMs / 1000);
  const isSameSpan = shown.spanMs === spanMs;
  return isSameSecond && isSameSpan && jobs.length === 0 && circuits.every(({ view }) => view.state === 'closed');
}

function escapeFacts(facts: StateFacts): StateFacts {
  const { stateFile, jobs, circuits } = escapeAll({ ...facts, slots: [] });
  const named = circuits.map((circuit, index) => ({ ...circuit, name: facts.circuits[index]?.name ?? circuit.name }));
  return { stateFile, jobs, circuits: named, slots: facts.slots };
}

async function readFacts(
  context: BreakerContext,
  { names, scopes, nowMs, file }: ReaderOptions & { readonly nowMs: number; readonly file: string | null },
): Promise<StateFacts> {
  const rows = await selectCircuits(context, names, scopes);
  const state = await context.state();
  const readBare = bareReader(state.circuits);
  const { probeLeaseMs } = context.settings;
  const circuits = rows.map((row): CircuitFacts => {
    const bareRow = readBare(row.name);
    const own = readHistory(state, row);
    const view = showCircuit(row, { nowMs, probeLeaseMs, isOwnerAlive: isProcessAlive, bareRow });
    const began = row.state === 'closed' ? null : findOutage(own);
    const refused = countRefused(state.circuits, view, began);
    return { name: row.name, row, bareRow, refused, history: mergeHistories(own, readHistory(state, bareRow)) };
  });
  const slots = state.activity.read(nowMs - ACTIVITY_KEPT_MS);
  const jobs = state.jobs.list();
  const condition = state.problem() ?? (file === null ? 'missing' : 'ready');
  return { stateFile: { path: state.path, condition }, circuits, slots, jobs };
}

function readHistory({ circuits }: State, row: CircuitRow | undefined): readonly Transition[] {
  if (row === undefined || row.epoch === 0) return [];
  return circuits.transitions({ circuit: row.name, limit: HISTORY_READ });
}

/** Merges two histories, newest first. Each keeps its order even if its clock was wrong. */
function mergeHistories(own: readonly Transition[], others: readonly Transition[]): readonly Transition[] {
  const merged: Transition[] = [];
  let next = 0;
  for (const transition of own) {
    for (let other = others[next]; other !== undefined && other.atMs > transition.atMs; other = others[next]) {
      merged.push(other);
      next += 1;
    }
    merged.push(transition);
  }
  return [...merged, ...others.slice(next)];
}

type Moment = Pick<WatchSnapshot, 'takenAtMs' | 'host' | 'spanMs' | 'settings'>;

/** The facts at one moment: remaining times, recent activity, and which processes are alive. */
function composeSnapshot({ stateFile, slots, ...facts }: StateFacts, moment: Moment): WatchSnapshot {
  const { takenAtMs: nowMs, settings } = moment;
  const circuits = facts.circuits.map(({ name, row, bareRow, refused, history }): WatchedCircuit => {
    const { probeLeaseMs } = settings;
    const view = showCircuit(row, { nowMs, probeLeaseMs, isOwnerAlive: isProcessAlive, bareRow });
    const own = slots.filter(({ circuit }) => circuit === name);
    return {
      name,
      view,
      refused: view.state === 'closed' ? 0 : refused,
      history,
      activity: addUp(own, moment),
      isClockAskew: row.state === 'open' && row.openedAtMs !== null && row.openedAtMs > nowMs + SKEW_TOLERATED_MS,
      clockAheadMs: 0,
    };
  });
  const jobs = facts.jobs.map((job) => ({ ...job, isAlive: isProcessAlive(job.process) }));
  return { ...moment, stateFile, circuits, fleet: null, jobs };
}

/** How much newer than our clock reading a record may be, in ms. */
const SKEW_TOLERATED_MS = 1000;

function addUp(slots: readonly ActivitySlot[], { takenAtMs: nowMs, spanMs }: Moment): CircuitActivity {
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
