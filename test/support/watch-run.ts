import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCircuitGate } from '../../src/circuit/circuit-gate.ts';
import type { BreakerContext } from '../../src/breaker/breaker-context.ts';
import { openState } from '../../src/state/open-state.ts';
import { identifyProcess } from '../../src/state/process-identity.ts';
import type { State } from '../../src/state/state.ts';
import { createTestState } from './state.ts';
import { VirtualClock } from './virtual-clock.ts';
import { NOW } from './watch.ts';

/** A command that watches a state on the disk, on virtual time. */
export async function createWatchRun() {
  const disk = await createTestState();
  const { directory } = disk;
  const clock = new VirtualClock(NOW);
  const opened: State[] = [];
  let [opens, reads] = [0, 0];
  const open = (): State => {
    opens += 1;
    const state = openState({ directory, clock, onWarning: () => undefined });
    opened.push(state);
    return { ...state, circuits: { ...state.circuits, list: () => ((reads += 1), state.circuits.list()) } };
  };
  let current: State | null = null;
  // As far as watching needs it.
  const run = {
    clock,
    settings: { openForMs: 60_000, probeLeaseMs: 30_000 },
    fleet: async () => await Promise.resolve(null),
    circuitName: (name: string) => `${name}@x`,
    state: async () => await Promise.resolve((current ??= open())),
    reopenState: async () => {
      current?.close();
      current = open();
      return await Promise.resolve(current);
    },
  } as unknown as BreakerContext;
  const process = identifyProcess('put');
  /** Another process with the same file: its state, and a gate on it. */
  const other = () => {
    const state = disk.open();
    const settings = { failureThreshold: 5, successThreshold: 2, openForMs: 60_000, probeLeaseMs: 30_000 };
    const circuit = { store: state.circuits, settings, clock, process, isOwnerAlive: () => true };
    return { state, process, gate: createCircuitGate({ ...circuit, newToken: () => 'token', emit: () => undefined }) };
  };
  return {
    run,
    clock,
    directory,
    /** How often the state was opened, and its circuits read. */
    opens: () => opens,
    reads: () => reads,
    other,
    /** Puts another file in the place of the state file. */
    replaceFile: async (content: string) => {
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, 'new'), content);
      await rename(join(directory, 'new'), join(directory, 'state.db'));
    },
    [Symbol.asyncDispose]: async () => {
      for (const state of opened) state.close();
      await disk[Symbol.asyncDispose]();
    },
  };
}
