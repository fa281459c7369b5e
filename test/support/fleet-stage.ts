import { DEFAULT_CIRCUIT_SETTINGS, type CircuitEvent, type CircuitRow } from '../../src/circuit/circuit.ts';
import { createFleetGate, type FleetGate } from '../../src/circuit/fleet-gate.ts';
import { createFleetStore } from '../../src/fleet/fleet-store.ts';
import { formatRow, parseRow, rowKey } from '../../src/fleet/stored-row.ts';
import { identityOf } from './fake-circuits.ts';
import { MemoryEngine } from './memory-engine.ts';

/** The circuit of a stage, if no other is named. */
export const STAGED_CIRCUIT = 's3-upload@x';
/** The time of a stage's engine; the clocks of its hosts say something else. */
export const ENGINE_NOW = 1_000_000;
export const HOST_NOW = 9_000_000;

export interface FleetStage {
  readonly engine: MemoryEngine;
  /** The gates of two hosts. */
  readonly gate: FleetGate;
  readonly other: FleetGate;
  /** Of the first host. */
  readonly events: CircuitEvent[];
  readonly failures: string[];
  readonly row: (name?: string) => CircuitRow | undefined;
  /** Replaces a row, as another host does. */
  readonly put: (row: CircuitRow) => Promise<void>;
  /** What runs now takes so many round trips. */
  readonly countCalls: (work: () => Promise<unknown>) => Promise<number>;
  /** What runs now turns to the engine so many times; each has a deadline of its own. */
  readonly countAsks: (work: () => Promise<unknown>) => Promise<number>;
  readonly pass: (ms: number) => void;
}

/** Two hosts, `a` and `b`, over one engine with these rows; two hosts must have failed. */
export async function createFleetStage(...rows: readonly CircuitRow[]): Promise<FleetStage> {
  const engine = new MemoryEngine(ENGINE_NOW);
  let monotonicMs = 0;
  let tokens = 0;
  let asks = 0;
  const events: CircuitEvent[] = [];
  const failures: string[] = [];
  const put = async (row: CircuitRow): Promise<void> => {
    const { overtake } = engine;
    engine.overtake = null;
    const key = rowKey(row.name);
    const change = { key, expected: engine.value(key), value: formatRow(row), expiresInMs: null };
    await engine.compareAndSet({ ...change, listKey: `${key}:history`, entries: [] });
    engine.overtake = overtake;
  };
  const spawn = (host: string, emit: (event: CircuitEvent) => void): FleetGate =>
    createFleetGate({
      store: createFleetStore({
        ask: async (work) => {
          asks += 1;
          return await work(engine, new AbortController().signal);
        },
        clock: { sleep: async () => await Promise.resolve() },
        random: () => 0,
      }),
      settings: DEFAULT_CIRCUIT_SETTINGS,
      member: { host, quorum: 2 },
      clock: { now: () => HOST_NOW, monotonic: () => monotonicMs },
      process: identityOf(1, 'as the system calls it'),
      newToken: () => `t-${(tokens += 1)}`,
      emit,
      onFailure: (operation, code) => failures.push(`${operation}: ${code}`),
    });
  for (const row of rows) await put(row);
  engine.replaced.length = 0;
  return {
    engine,
    gate: spawn('a', (event) => events.push(event)),
    other: spawn('b', () => undefined),
    events,
    failures,
    row: (name = STAGED_CIRCUIT) => {
      const text = engine.value(rowKey(name));
      return text === null ? undefined : parseRow(text, name);
    },
    put,
    countCalls: async (work) => {
      const before = engine.calls;
      await work();
      return engine.calls - before;
    },
    countAsks: async (work) => {
      const before = asks;
      await work();
      return asks - before;
    },
    pass: (ms) => {
      monotonicMs += ms;
      engine.nowMs += ms;
    },
  };
}
