import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createFile, findFile, openDatabase } from './database.ts';
import { makeTrialDirectory, refuseUnwritable } from './find-refusal.ts';
import type { StateProblem } from './state.ts';
import { classifyStateError, explainProblem } from './state-problem.ts';

/** What keeps commands from storing their state. */
export interface StateTrouble {
  readonly problem: StateProblem;
  /** More about it, such as the system's reason; null if there is no more. */
  readonly why: string | null;
}

/**
 * Whether a command could make a state file at this path: makes one in a directory of its own beside it, with all that
 * belongs to it, and removes it. Only so is everything seen that can be in the way: a disk without inodes, a quota, a
 * file system without shared memory.
 * @returns null if it could
 */
export function tryStateDirectory(path: string): StateTrouble | null {
  return attempt(path, () => {
    const directory = makeTrialDirectory(dirname(path));
    try {
      const file = join(directory, 'trial.db');
      createFile(file);
      openDatabase(file).close();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

/** Whether a command could write to the file at this path, if it is there. Changes nothing. @returns null if it could */
export function tryStateFile(path: string): StateTrouble | null {
  return attempt(path, () => {
    const isThere = findFile(path) !== null;
    refuseUnwritable(path);
    if (!isThere) return;
    const database = openDatabase(path);
    try {
      database.exec('BEGIN IMMEDIATE; ROLLBACK');
    } finally {
      database.close();
    }
  });
}

function attempt(path: string, work: () => void): StateTrouble | null {
  try {
    work();
    return null;
  } catch (error) {
    const problem = classifyStateError(error);
    if (problem === null) throw error;
    return { problem, why: explainProblem(problem, { path, error }) };
  }
}
