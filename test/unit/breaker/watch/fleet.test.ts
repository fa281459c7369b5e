import { describe, expect, it } from 'vitest';
import type { ShownFleet } from '../../../../src/breaker/breaker-context.ts';
import { POLL_MS } from '../../../../src/breaker/watch/fleet-poll.ts';
import { drawWatch } from '../../../../src/breaker/watch/frame.ts';
import { drawHistory } from '../../../../src/breaker/watch/detail.ts';
import { pressKey } from '../../../../src/breaker/watch/keys.ts';
import { createWatchReader } from '../../../../src/breaker/watch/reader.ts';
import type { WatchSnapshot } from '../../../../src/breaker/watch/snapshot.ts';
import { beginView } from '../../../../src/breaker/watch/view.ts';
import { DEFAULT_CIRCUIT_SETTINGS } from '../../../../src/circuit/circuit.ts';
import { createFleetGate, type FleetGate } from '../../../../src/circuit/fleet-gate.ts';
import { FleetFailure, type FleetStore } from '../../../../src/circuit/fleet-store.ts';
import { createFleetStore } from '../../../../src/fleet/fleet-store.ts';
import { toText } from '../../../../src/ui/frame.ts';
import type { Key } from '../../../../src/ui/key.ts';
import { ASCII_SYMBOLS } from '../../../../src/ui/symbols.ts';
import { identityOf } from '../../../support/fake-circuits.ts';
import { MemoryEngine } from '../../../support/memory-engine.ts';
import { createWatchRun } from '../../../support/watch-run.ts';
import { NOW } from '../../../support/watch.ts';

const UPLOAD = 's3-upload@x';
const IN_FLEET = `fleet/${UPLOAD}`;
const SPAN_MS = 300_000;
/** The engine's clock is an hour ahead of this host's. */
const ENGINE_NOW = NOW + 3_600_000;
const FAILURE = { code: 'SlowDown', message: 'slow', httpStatus: 503, requestId: null };

/** A watch in a fleet whose engine answers, fails or is silent. */
async function prepare({ isEscaped = false } = {}) {
  const watch = await createWatchRun();
  const engine = new MemoryEngine(ENGINE_NOW);
  const { clock } = watch;
  const asked = { reads: 0, lists: 0 };
  const how: { is: 'well' | 'silent' | FleetFailure; lists: 'well' | FleetFailure } = { is: 'well', lists: 'well' };
  const plain = createFleetStore({
    ask: async (work) => await work(engine, new AbortController().signal),
    clock,
    random: () => 0,
  });
  const answer = async <T>(work: () => Promise<T>): Promise<T> => {
    if (how.is === 'silent') return await new Promise<never>(() => undefined);
    if (how.is !== 'well') throw how.is;
    return await work();
  };
  let answeredAtMs: number | null = null;
  const store: FleetStore & Pick<ShownFleet['store'], 'answeredAtMs'> = {
    ...plain,
    read: async (names, options) => {
      asked.reads += 1;
      engine.nowMs = ENGINE_NOW + clock.now() - NOW;
      const reading = await answer(async () => await plain.read(names, options));
      answeredAtMs = clock.monotonic();
      return reading;
    },
    transitions: async (query) => {
      asked.lists += 1;
      if (how.lists !== 'well') throw how.lists;
      return await answer(async () => await plain.transitions(query));
    },
    answeredAtMs: () => answeredAtMs,
  };
  const gateOf = (host: string): FleetGate =>
    createFleetGate({
      store: plain,
      settings: DEFAULT_CIRCUIT_SETTINGS,
      member: { host, quorum: 2 },
      clock,
      process: identityOf(1),
      newToken: () => host,
      emit: () => undefined,
      onFailure: (operation, code) => expect.fail(`${operation}: ${code}`),
    });
  const fail = async (host: string, times: number): Promise<void> => {
    const gate = gateOf(host);
    for (let count = 0; count < times; count += 1) {
      const admission = await gate.admit(UPLOAD);
      if (admission?.kind === 'admitted') await gate.settle(admission.permit, 'failure', FAILURE);
    }
  };
  const fleet: ShownFleet = {
    name: 'redis://engine:6379/0',
    member: { host: 'here', quorum: 2 },
    gate: gateOf('here'),
    store,
  };
  const run = { ...watch.run, fleet: async () => await Promise.resolve(fleet) };
  const reader = createWatchReader(run, { names: [UPLOAD], scopes: 'all', isEscaped });
  /** A read, and the answer of the engine, if it gives one. */
  const read = async (): Promise<WatchSnapshot> => {
    await reader.read(SPAN_MS);
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    return await reader.read(SPAN_MS);
  };
  const pass = async (ms: number): Promise<void> => await clock.advance(ms);
  return {
    engine,
    asked,
    how,
    fail,
    read,
    reader,
    pass,
    [Symbol.asyncDispose]: async () => await watch[Symbol.asyncDispose](),
  };
}

const WINDOW = { columns: 110, rows: 40, symbols: ASCII_SYMBOLS };

function draw(snapshot: WatchSnapshot): string {
  return toText(drawWatch(snapshot, beginView({ isReadOnly: false, stateDirectory: null }, snapshot), WINDOW));
}

function letter(text: string): Key {
  return { kind: 'text', text };
}

describe('a watch in a fleet', () => {
  it("shows the fleet's circuit beside that of this host, by the clock of the engine", async () => {
    await using stage = await prepare();
    await stage.fail('a', 3);
    await stage.fail('b', 2);
    await stage.pass(POLL_MS);
    const snapshot = await stage.read();
    expect(snapshot.circuits.map(({ name, view }) => [name, view.state])).toEqual([
      [UPLOAD, 'closed'],
      [IN_FLEET, 'open'],
    ]);
    expect(snapshot.fleet).toEqual({ name: 'redis://engine:6379/0', problem: null, answeredAgoMs: 0, quorum: 2 });
    const text = draw(snapshot);
    expect(text).toContain('by host: a 3, b 2; it opens when 2 hosts failed');
    expect(text).toContain('opened 2 s ago by');
    expect(text).toContain('fleet redis://engine:6379/0: answers');
    // Between two answers, time passes.
    const [, before] = snapshot.circuits;
    await stage.pass(1000);
    const [, after] = (await stage.reader.read(SPAN_MS)).circuits;
    expect(after?.view.retryAfterMs).toBe((before?.view.retryAfterMs ?? 0) - 1000);
  });

  it('asks every 2 s, and for a history only when a circuit has changed', async () => {
    await using stage = await prepare();
    await stage.fail('a', 3);
    await stage.read();
    const lists = stage.asked.lists;
    for (let tick = 0; tick < 40; tick += 1) {
      await stage.pass(250);
      await stage.read();
    }
    expect([stage.asked.reads, stage.asked.lists - lists]).toEqual([6, 0]);
    await stage.fail('b', 2);
    await stage.pass(POLL_MS);
    expect((await stage.read()).circuits[1]?.history).toMatchObject([{ circuit: IN_FLEET, to: 'open' }]);
    expect(stage.asked.lists - lists).toBe(1);
    stage.reader.forget();
    await stage.read();
    expect(stage.asked.reads).toBe(8);
  });

  it('goes on while the engine is silent, and asks it one thing at a time', async () => {
    await using stage = await prepare();
    stage.how.is = 'silent';
    for (let tick = 0; tick < 40; tick += 1) {
      await stage.pass(250);
      const { circuits, fleet } = await stage.read();
      expect([circuits.map(({ name }) => name), fleet]).toEqual([[UPLOAD], null]);
    }
    expect(stage.asked.reads).toBe(1);
  });

  it('says why the engine cannot be asked, and when it last answered', async () => {
    await using stage = await prepare();
    await stage.read();
    stage.how.is = new FleetFailure('timeout');
    await stage.pass(POLL_MS);
    await stage.read();
    stage.how.is = new FleetFailure('failed_recently');
    await stage.pass(POLL_MS);
    const snapshot = await stage.read();
    expect(snapshot.circuits.map(({ name }) => name)).toEqual([UPLOAD]);
    expect(draw(snapshot)).toContain('cannot be asked (timeout), last answered 4 s ago');
    expect(draw(snapshot)).toContain('this host decides by its own circuits');
    stage.how.is = 'well';
    await stage.pass(POLL_MS);
    expect((await stage.read()).fleet?.problem).toBeNull();
  });

  it('resets the selected circuit for all hosts', async () => {
    await using stage = await prepare();
    await stage.fail('a', 3);
    await stage.fail('b', 2);
    const snapshot = await stage.read();
    // The circuit in trouble is selected first.
    const opened = pressKey(beginView({ isReadOnly: false, stateDirectory: null }, snapshot), letter('r'), snapshot);
    expect(toText(drawWatch(snapshot, opened.view, WINDOW))).toContain('closes it for every host');
    const named = pressKey(opened.view, { kind: 'enter' }, snapshot);
    expect(pressKey(named.view, letter('y'), snapshot).action).toMatchObject({
      kind: 'reset',
      circuit: IN_FLEET,
      command: `breakwater breaker-reset --fleet ${UPLOAD}`,
    });
  });

  it('says that the state changes cannot be read, not that there are none', async () => {
    await using stage = await prepare();
    const history = async (): Promise<string> => {
      const snapshot = await stage.read();
      const circuit = snapshot.circuits[1]!;
      const canvas = { columns: 80, rows: 9, symbols: ASCII_SYMBOLS };
      return toText(drawHistory(circuit, { snapshot, canvas, scroll: 0 }));
    };
    expect(await history()).toContain('no state changes recorded');
    stage.how.lists = new FleetFailure('no_permission');
    await stage.fail('a', 3);
    await stage.fail('b', 2);
    await stage.pass(POLL_MS);
    expect(await history()).toContain('cannot be read: no permission');
  });

  it('names a circuit that a newer breakwater has written', async () => {
    await using stage = await prepare();
    const key = `breakwater:{${UPLOAD}}`;
    const list = { listKey: `${key}:history`, entries: [], expiresInMs: null };
    await stage.engine.compareAndSet({ key, expected: null, value: '{"v":9}', ...list });
    const snapshot = await stage.read();
    expect(snapshot.circuits.map(({ name }) => name)).toEqual([UPLOAD]);
    expect(snapshot.fleet).toMatchObject({ problem: null, newer: [IN_FLEET] });
    expect(draw(snapshot)).toContain(`${IN_FLEET}: written by a newer breakwater`);
  });

  it('escapes what the engine tells for the screen', async () => {
    await using stage = await prepare({ isEscaped: true });
    await stage.fail('a\u001B[2J', 3);
    await stage.fail('b', 2);
    expect(draw(await stage.read())).not.toContain('\u001B');
  });
});
