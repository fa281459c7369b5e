import { CorruptRow } from './tables/columns.ts';
import { BreakwaterError } from '../errors.ts';
import { explainSystemError, readSystemCode } from '../files/system-error.ts';
import { findRefusal } from './find-refusal.ts';
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

/** The system's words for a full disk. */
const FULL_CODES: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

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
  if (FULL_CODES.has(readSystemCode(error) ?? '')) return 'full';
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
  const detail = explainProblem(problem, { path, error });
  return `the state file ${path} ${why}${detail === null ? '' : ` (${detail})`}; this command keeps its circuits and metrics in memory only`;
}

/**
 * What a problem's word leaves open: the system's reason. SQLite does not give it, so what it could not do is tried again.
 * @param error the error that caused the problem
 */
export function explainProblem(
  problem: StateProblem,
  { path, error }: { readonly path: string; readonly error: unknown },
): string | null {
  if (error instanceof StateUnusable) return error.detail;
  if (problem !== 'unwritable' && problem !== 'full') return null;
  const isOfSqlite = readSystemCode(error) === 'ERR_SQLITE_ERROR';
  if (!isOfSqlite) return explainSystemError(error);
  return explainSystemError(findRefusal(path)) ?? (error instanceof Error ? error.message : null);
}
