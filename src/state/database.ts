import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Fields } from './tables/columns.ts';
import { isOnNetwork } from './network-mount.ts';
import { MIGRATIONS } from './schema.ts';
import { classifyStateError, StateUnusable } from './state-problem.ts';
import { Statements, inTransaction } from './statements.ts';

/** Longest wait for another process's lock, in ms; `design/circuit.md`: waits are bounded. */
const LOCK_WAIT_MS = 2000;
/** Pause between tries where the database itself does not wait, in ms. */
const LOCK_PAUSE_MS = 10;

/** The files that belong to a database, itself last: its write-ahead log, and the index of that. */
const SUFFIXES = ['-wal', '-shm', ''] as const;

interface FoundFile {
  readonly inode: number;
  /** When it was made, in ms: a number that was freed is soon given to the next file. */
  readonly madeAtMs: number;
}

/** What is at the path of the state file: nothing usable yet, or a file with this identity. */
export function findFile(path: string): FoundFile | null {
  try {
    const { ino, size, birthtimeMs } = statSync(path);
    // An empty file is one that another process is about to fill, or that a full disk kept empty.
    return size === 0 ? null : { inode: ino, madeAtMs: birthtimeMs };
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null;
    throw error;
  }
}

/** Makes directory (0700) and file (0600) where they are missing; what exists keeps its rights. */
export function createFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
}

/**
 * Opens an existing file, empty or not, and brings its tables up to date.
 * @throws StateUnusable for a newer schema or a network file system; whatever the database or the system throws
 */
export function openDatabase(path: string): DatabaseSync {
  if (isOnNetwork(path)) throw new StateUnusable('network_file_system');
  const database = new DatabaseSync(path, { timeout: LOCK_WAIT_MS });
  try {
    const version = readVersion(database);
    if (version > MIGRATIONS.length) throw new StateUnusable('newer_schema');
    // The mode stays in the file. Only its change can meet a lock for which the database does not wait.
    if (version === 0) retryWhileLocked(() => database.exec('PRAGMA journal_mode = WAL'));
    // With a write-ahead log the file stays whole after a crash; only the last commits may be lost with the power.
    database.exec('PRAGMA synchronous = NORMAL');
    if (version < MIGRATIONS.length) migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A database of this process alone. */
export function openMemory(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  migrate(database);
  return database;
}

/**
 * Gives a corrupt file and its side files another name. Does nothing where the path holds another file by now:
 * somebody else was faster.
 */
export function setAside(path: string, { inode, suffix }: { inode: number; suffix: string }): void {
  if (findFile(path)?.inode !== inode) return;
  for (const side of SUFFIXES) {
    try {
      renameSync(`${path}${side}`, `${path}${suffix}${side}`);
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isMissing) throw error;
    }
  }
}

/** All the missing migrations in one transaction, or those that another process has left to do. */
function migrate(database: DatabaseSync): void {
  inTransaction(new Statements(database), 'write', () => {
    for (const statements of MIGRATIONS.slice(readVersion(database))) database.exec(statements);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  });
}

function readVersion(database: DatabaseSync): number {
  return new Fields(database.prepare('PRAGMA user_version').get()).whole('user_version');
}

/** Changes when another connection has changed the file; https://sqlite.org/pragma.html#pragma_data_version. */
export function readDataVersion(database: DatabaseSync): number {
  return new Fields(database.prepare('PRAGMA data_version').get()).whole('data_version');
}

function retryWhileLocked(work: () => void): void {
  for (let waitedMs = 0; ; waitedMs += LOCK_PAUSE_MS) {
    try {
      work();
      return;
    } catch (error) {
      if (classifyStateError(error) !== 'locked' || waitedMs >= LOCK_WAIT_MS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_PAUSE_MS);
    }
  }
}
