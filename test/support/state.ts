import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openState } from '../../src/state/open-state.ts';
import { STATE_FILE, type StateOptions } from '../../src/state/state-file.ts';
import type { State } from '../../src/state/state.ts';

export interface TestState extends AsyncDisposable {
  /** Does not exist until something is written. */
  readonly directory: string;
  /** Opens the same file once more, as another process would; closed at the end. */
  readonly open: (options?: Pick<StateOptions, 'readsOnceATurn'>) => State;
  /** All warnings so far, of everything that was opened. */
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
    open: (options) => {
      const state = openState({ ...options, directory, clock, onWarning: (message) => warnings.push(message) });
      opened.push(state);
      return state;
    },
    [Symbol.asyncDispose]: async () => {
      for (const state of opened) state.close();
      await rm(base, { recursive: true, force: true });
    },
  };
}

/** Makes every later write of a circuit fail after its transaction has begun, as a disk that is full does. */
export function failWrites(directory: string): void {
  const database = new DatabaseSync(join(directory, STATE_FILE));
  database.exec(`CREATE TRIGGER full BEFORE INSERT ON circuits BEGIN SELECT RAISE(ABORT, 'full'); END`);
  database.close();
}
