import { writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { Fleet } from '../../src/fleet/open-fleet.ts';
import type { State } from '../../src/state/state.ts';
import { createMemoryCircuits } from '../support/memory-circuits.ts';
import { ENGINES, startRedis } from '../support/redis-server.ts';
import { createTestState, failWrites } from '../support/state.ts';
import { openTestFleet } from '../support/test-fleet.ts';
import { describeCircuitStore, type StoreHandle } from './circuit-store.ts';

describeCircuitStore('the state file', {
  isShared: true,
  create: async () => {
    const state = await createTestState();
    let canWrite = true;
    return {
      open: () => handleOf(state.open()),
      failWrites: () => {
        failWrites(state.directory);
        canWrite = false;
      },
      [Symbol.asyncDispose]: async () => {
        // The memory fallback would pass, too.
        expect(state.warnings).toHaveLength(canWrite ? 0 : 1);
        await state[Symbol.asyncDispose]();
      },
    };
  },
});

describeCircuitStore('the memory fallback for an unusable state file', {
  isShared: false,
  create: async () => {
    const state = await createTestState();
    await writeFile(state.directory, 'a file where the directory should be');
    return { open: () => handleOf(state.open()), [Symbol.asyncDispose]: state[Symbol.asyncDispose] };
  },
});

describeCircuitStore('the fake of the tests', {
  isShared: true,
  create: async () => {
    const circuits = createMemoryCircuits();
    return await Promise.resolve({
      open: () => ({ circuits, addRefusals: circuits.addRefusals }),
      [Symbol.asyncDispose]: async () => await Promise.resolve(),
    });
  },
});

for (const program of ENGINES) {
  describeCircuitStore(`a fleet in ${program}`, {
    isShared: true,
    hasOneHistory: false,
    countsRefusals: false,
    create: async () => {
      const engine = await startRedis(program);
      const opened: Fleet[] = [];
      return {
        open: () => {
          const fleet = openTestFleet(engine.url);
          opened.push(fleet);
          return fleetHandleOf(fleet);
        },
        [Symbol.asyncDispose]: async () => {
          for (const fleet of opened) fleet.close();
          await engine[Symbol.asyncDispose]();
        },
      };
    },
  });
}

function fleetHandleOf(fleet: Fleet): StoreHandle {
  const read = async (name: string) => (await fleet.read([name])).rows.get(name);
  const transitions = async ({ circuit, limit }: { circuit?: string; limit: number }) => {
    const names = circuit === undefined ? (await fleet.names()).names : [circuit];
    return (await Promise.all(names.map(async (name) => await fleet.transitions({ circuit: name, limit })))).flat();
  };
  return {
    circuits: {
      read,
      list: async () => (await Promise.all((await fleet.names()).names.map(read))).flatMap((row) => row ?? []),
      update: async (name, change) => (await fleet.update(name, change)).result,
      transitions,
      refusals: () => 0,
    },
    addRefusals: null,
  };
}

function handleOf({ circuits, metrics }: State): StoreHandle {
  const nothing = { counters: [], histograms: [], gauges: [] };
  return {
    circuits,
    addRefusals: (circuit, epoch, count) => {
      metrics.add(() => ({ ...nothing, refusals: [{ circuit, epoch, count }] }));
    },
  };
}
