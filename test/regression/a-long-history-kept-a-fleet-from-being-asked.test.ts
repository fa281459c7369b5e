/**
 * Met: with 1000 state changes of a circuit and 20 Mbit/s to the server, `breaker-status` said that the fleet did not answer,
 *   `--check` ended with 0 although the circuit was isolated, and for 5 s each transfer of the host was admitted.
 * Cause: the whole history, 540 KB, was read with one call, which took longer than --fleet-timeout; for its failure the
 *   circuits, which had been read, were dropped.
 * Fix: it is read in parts of 64 entries, without `--history` only back to the start of the outage (src/fleet/fleet-store.ts);
 *   whatever its failure, the circuits are shown (src/breaker/fleet-facts.ts).
 */
import { expect, it } from 'vitest';
import { readFleetFacts } from '../../src/breaker/fleet-facts.ts';
import { FleetFailure } from '../../src/circuit/fleet-store.ts';
import type { ListPart } from '../../src/fleet/engine.ts';
import { createFleetStore } from '../../src/fleet/fleet-store.ts';
import { formatTransition, historyKey, rowKey } from '../../src/fleet/stored-row.ts';
import { createFleetStage } from '../support/fleet-stage.ts';
import { MemoryEngine } from '../support/memory-engine.ts';

const NAME = 's3-upload@x';
const SETTINGS = { failureThreshold: 5, successThreshold: 2, openForMs: 60_000, probeLeaseMs: 30_000 };

/** An isolated circuit with that many older state changes, all of them from `from`. */
async function prepare({ older, from }: { readonly older: number; readonly from: 'closed' | 'open' }) {
  const stage = await createFleetStage();
  const transition = await stage.gate.isolate(NAME, { by: 'ops', reason: null, forMs: null });
  const engine = new MemoryEngine(stage.engine.nowMs);
  const entry = formatTransition({ ...transition, circuit: NAME, from });
  await engine.compareAndSet({
    key: rowKey(NAME),
    expected: null,
    value: stage.engine.value(rowKey(NAME)) ?? '',
    expiresInMs: null,
    listKey: historyKey(NAME),
    entries: Array.from({ length: older }, () => entry),
  });
  const parts: ListPart[] = [];
  let failure: FleetFailure | null = null;
  const store = createFleetStore({
    ask: async (work) => {
      const readList = async (key: string, part: ListPart): Promise<readonly string[]> => {
        parts.push(part);
        if (failure !== null) throw failure;
        return await engine.readList(key, part);
      };
      const { read, compareAndSet, listKeys, isOpen, close } = engine;
      return await work({ read, compareAndSet, listKeys, isOpen, close, readList }, new AbortController().signal);
    },
    clock: { sleep: async () => await Promise.resolve() },
    random: () => 0,
  });
  return {
    parts,
    fail: (code: 'timeout' | 'failed_recently') => (failure = new FleetFailure(code)),
    read: async (isHistoryShown: boolean) =>
      await readFleetFacts(store, { names: [NAME], settings: SETTINGS, isHistoryShown }),
  };
}

it('is read in parts, each of which has the time of a call', async () => {
  const { read, parts } = await prepare({ older: 1000, from: 'closed' });
  const { histories } = await read(true);
  expect(histories.get(NAME)?.transitions).toHaveLength(1000);
  expect(parts).toHaveLength(16);
  expect(Math.max(...parts.map(({ limit }) => limit))).toBe(64);
});

it('is read back to the start of the outage where it is not shown', async () => {
  const closed = await prepare({ older: 1000, from: 'closed' });
  await closed.read(false);
  expect(closed.parts).toEqual([{ skip: 0, limit: 64 }]);
  const flapping = await prepare({ older: 100, from: 'open' });
  const { circuits } = await flapping.read(false);
  expect(circuits[0]?.history).toHaveLength(100);
});

it.each(['timeout', 'failed_recently'] as const)('does not hide the circuits by its failure: %s', async (code) => {
  const { read, fail } = await prepare({ older: 10, from: 'closed' });
  fail(code);
  const { circuits, historyProblem } = await read(false);
  expect(circuits.map(({ row }) => [row.name, row.state])).toEqual([[`fleet/${NAME}`, 'isolated']]);
  expect(historyProblem).toBe(code);
});
