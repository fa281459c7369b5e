import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openState } from '../../src/state/open-state.ts';
import type { State } from '../../src/state/state.ts';

export interface TestState extends AsyncDisposable {
  /** Does not exist until something is written. */
  readonly directory: string;
  /** Opens the same file once more, as another process would; closed at the end. */
  readonly open: () => State;
  /** What users were told, over all that was opened. */
  readonly warnings: readonly string[];
}

/** A state directory of one test. */
export async function createTestState(): Promise<TestState> {
  const base = await mkdtemp(join(tmpdir(), 'breakwater-state-'));
  const directory = join(base, 'state');
  const opened: State[] = [];
  const warnings: string[] = [];
  const clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5) };
  return {
    directory,
    warnings,
    open: () => {
      const state = openState({ directory, clock, onWarning: (message) => warnings.push(message) });
      opened.push(state);
      return state;
    },
    [Symbol.asyncDispose]: async () => {
      for (const state of opened) state.close();
      await rm(base, { recursive: true, force: true });
    },
  };
}
