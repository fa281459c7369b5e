import { CorruptRow } from './tables/columns.ts';
import { BreakwaterError } from '../errors.ts';
import type { State, StateProblem } from './state.ts';

/** The file cannot be used for a reason that SQLite and the system do not report as an error. */
export class StateUnusable extends Error {
  override readonly name = 'StateUnusable';
  readonly problem: StateProblem;
  /** More about the problem, if its name is not enough. */
  readonly detail: string | null;

  constructor(problem: StateProblem, detail: string | null = null) {
    super(`the state file cannot be used: ${detail ?? problem}`);
    this.problem = problem;
    this.detail = detail;
  }
}

/** SQLite's primary result codes that give a reason; https://sqlite.org/rescode.html. All others are `unwritable`. */
const SQLITE_PROBLEMS: Readonly<Record<number, StateProblem>> = {
  1: 'corrupt', // ERROR: our statements are right, so a table is missing or foreign
  5: 'locked', // BUSY
  6: 'locked', // LOCKED
  11: 'corrupt', // CORRUPT
  13: 'full', // FULL
  26: 'corrupt', // NOTADB
};

/** Extended codes that mean a full disk: IOERR_WRITE, IOERR_FSYNC, IOERR_TRUNCATE, IOERR_SHMSIZE. */
const NO_ROOM: ReadonlySet<number> = new Set([778, 1034, 1546, 4874]);

/** Why an error makes the file unusable; null for an unrelated error, which is a bug of ours. */
export function classifyStateError(error: unknown): StateProblem | null {
  if (error instanceof StateUnusable) return error.problem;
  if (error instanceof CorruptRow) return 'corrupt';
  if (!(error instanceof Error) || !('code' in error)) return null;
  if (error.code === 'ERR_SQLITE_ERROR') {
    const code = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : 0;
    return NO_ROOM.has(code) ? 'full' : (SQLITE_PROBLEMS[code % 256] ?? 'unwritable');
  }
  // We never store an integer that a double cannot hold.
  if (error.code === 'ERR_OUT_OF_RANGE') return 'corrupt';
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return 'full';
  return 'syscall' in error ? 'unwritable' : null;
}

/**
 * Refuses to show the state if the file belongs to another program. Transfers run without it.
 * @throws BreakwaterError `config`
 */
export function refuseForeign({ path, problem }: Pick<State, 'path' | 'problem'>): void {
  if (problem() !== 'foreign') return;
  throw new BreakwaterError('config', `${path} is a database of another program`, {
    details: { reason: 'foreign', hint: 'choose another directory with --state-dir' },
  });
}

/**
 * One line for the user: what cannot be used, why, and what happens instead.
 * @param error the error that caused the problem, for its detail
 */
export function formatProblem(problem: StateProblem, path: string, error?: unknown): string {
  const why = {
    unwritable: 'cannot be read or written',
    locked: 'is locked by another process',
    full: 'cannot grow: the disk is full',
    corrupt: 'is corrupt',
    newer_schema: 'was written by a newer breakwater',
    foreign: 'belongs to another program',
    network_file_system: 'is on a network file system, where file locks are unreliable',
  }[problem];
  const detail = error instanceof StateUnusable && error.detail !== null ? ` (${error.detail})` : '';
  return `the state file ${path} ${why}${detail}; this command keeps its circuits and metrics in memory only`;
}
