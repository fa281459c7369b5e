import { writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { State } from '../../src/state/state.ts';
import { createMemoryCircuits } from '../support/memory-circuits.ts';
import { createTestState, failWrites } from '../support/state.ts';
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

function handleOf({ circuits, metrics }: State): StoreHandle {
  const nothing = { counters: [], histograms: [], gauges: [] };
  return {
    circuits,
    addRefusals: (circuit, epoch, count) => {
      metrics.add(() => ({ ...nothing, refusals: [{ circuit, epoch, count }] }));
    },
  };
}
