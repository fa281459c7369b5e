import type { CircuitChange } from '../circuit/circuit-store.ts';
import type { CircuitRow, Transition } from '../circuit/circuit.ts';
import { FleetFailure, type FleetReading, type FleetStore } from '../circuit/fleet-store.ts';
import type { Clock } from '../clock.ts';
import type { Engine, KeyPage } from './engine.ts';
import {
  circuitOfKey,
  formatRow,
  formatTransition,
  historyKey,
  parseRow,
  parseTransitions,
  rowKey,
} from './stored-row.ts';

/** Comparisons of one change; after that it is given up. */
const COMPARISONS_MAX = 8;
/** The longest wait between two comparisons, in ms; it begins with 4 and doubles. */
const JITTER_MAX_MS = 32;
/**
 * Pages of keys that are looked at for a person: 5,000,000 keys, of all programs that share the server. Each page is a
 * call of its own, because no server goes through all of them within one.
 */
const KEY_PAGES_MAX = 1000;
/** Entries of a list that one call reads, some 40 KB: a whole one of 1000 takes longer than a call may on a slow line. */
const LIST_PART = 64;
/** A row expires this long after its last write, in ms. An isolated one never does. */
const ROW_KEPT_MS = 30 * 86_400_000;

/** Runs work on the engine within the fleet's timeout. @throws FleetFailure, or what has ended the command meanwhile */
export type Ask = <T>(work: (engine: Engine, signal: AbortSignal) => Promise<T>) => Promise<T>;

interface FleetStoreOptions {
  readonly ask: Ask;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: () => number;
}

/** The rows of a fleet, by compare-and-set: the rules stay in the state machine, and the engine only compares. */
export function createFleetStore({ ask, clock, random }: FleetStoreOptions): FleetStore {
  return {
    read: async (names, { skipsNewer = false } = {}) => {
      const newer = skipsNewer ? new Set<string>() : undefined;
      const reading = await ask(async (engine) => await readRows(engine, names, newer));
      return newer === undefined ? reading : { ...reading, newer };
    },
    update: async (name, change, seen) => {
      const outcome = await ask(async (engine, signal) => {
        const wait = async (atMostMs: number): Promise<void> => await clock.sleep(random() * atMostMs, signal);
        return await compareUntilStored(engine, { name, change, seen, wait });
      });
      if ('thrown' in outcome) throw outcome.thrown;
      return outcome;
    },
    transitions: async ({ circuit, limit, isEnough = () => false }) => {
      const transitions: Transition[] = [];
      for (let skip = 0; skip < limit; skip += LIST_PART) {
        const part = { skip, limit: Math.min(LIST_PART, limit - skip) };
        const texts = await ask(async (engine) => await engine.readList(historyKey(circuit), part));
        transitions.push(...parseTransitions(texts));
        if (texts.length < part.limit || isEnough(transitions)) break;
      }
      return transitions;
    },
    names: async () => {
      const names = new Set<string>();
      let cursor: string | null = null;
      for (let page = 1; page <= KEY_PAGES_MAX && (page === 1 || cursor !== null); page += 1) {
        const after: string | null = cursor;
        const found: KeyPage = await ask(async (engine) => await engine.listKeys(after));
        for (const name of found.keys.flatMap((key) => circuitOfKey(key) ?? [])) names.add(name);
        ({ cursor } = found);
      }
      return { names: [...names].toSorted(), isComplete: cursor === null };
    },
  };
}

type Change<T> = (row: CircuitRow | undefined, nowMs: number) => CircuitChange<T>;

interface Update<T> {
  readonly name: string;
  readonly change: Change<T>;
  readonly seen: FleetReading | undefined;
  readonly wait: (atMostMs: number) => Promise<void>;
}

/** What `change` threw is an outcome here: it says nothing about the engine. */
async function compareUntilStored<T>(
  engine: Engine,
  { name, change, seen, wait }: Update<T>,
): Promise<CircuitChange<T> | { readonly thrown: unknown }> {
  let reading = seen;
  for (let comparison = 1; comparison <= COMPARISONS_MAX; comparison += 1) {
    // Hosts that collided once must not collide again.
    if (comparison > 1) await wait(Math.min(JITTER_MAX_MS, 2 ** comparison));
    reading ??= await readRows(engine, [name]);
    const stored = reading.rows.get(name);
    const changed = attempt(change, stored, reading.nowMs);
    if ('thrown' in changed || changed.row === undefined || changed.row === stored) return changed;
    if (await store(engine, { name, reading, changed })) return changed;
    reading = undefined;
  }
  throw new FleetFailure('contended');
}

function attempt<T>(...[change, row, nowMs]: readonly [Change<T>, CircuitRow | undefined, number]) {
  try {
    return change(row, nowMs);
  } catch (thrown) {
    return { thrown };
  }
}

/**
 * @param newer takes the circuits whose rows are of a newer program; without it, one of them is an error
 * @throws FleetFailure `newer_row`
 */
async function readRows(engine: Engine, names: readonly string[], newer?: Set<string>): Promise<FleetReading> {
  const { nowMs, values } = await engine.read(names.map(rowKey));
  const rows = new Map<string, CircuitRow>();
  const texts = new Map<string, string>();
  for (const [index, name] of names.entries()) {
    const text = values[index] ?? null;
    if (text === null) continue;
    texts.set(name, text);
    try {
      const row = parseRow(text, name);
      if (row !== undefined) rows.set(name, row);
    } catch (error) {
      if (newer === undefined || !(error instanceof FleetFailure)) throw error;
      newer.add(name);
    }
  }
  return { nowMs, rows, texts };
}

interface Replacement {
  readonly name: string;
  readonly reading: FleetReading;
  readonly changed: CircuitChange<unknown>;
}

async function store(engine: Engine, { name, reading, changed }: Replacement): Promise<boolean> {
  const { row, transitions } = changed;
  if (row === undefined) return true;
  return await engine.compareAndSet({
    key: rowKey(name),
    expected: reading.texts.get(name) ?? null,
    value: formatRow(row),
    expiresInMs: row.state === 'isolated' ? null : ROW_KEPT_MS,
    listKey: historyKey(name),
    entries: transitions.map(formatTransition),
  });
}
