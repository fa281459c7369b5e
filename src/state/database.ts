import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeDirectory } from '../files/make-directory.ts';
import { Fields } from './tables/columns.ts';
import { isOnNetwork } from './network-mount.ts';
import { APPLICATION_ID, assertOurs } from './ownership.ts';
import { openReadOnly, type ReadOnlyDatabase } from './read-only.ts';
import { MIGRATIONS } from './schema.ts';
import { classifyStateError, StateUnusable } from './state-problem.ts';
import { Statements, inTransaction } from './statements.ts';
import { SUFFIXES } from './suffixes.ts';

/** Longest wait for another process's lock, in ms. */
const LOCK_WAIT_MS = 2000;
/** Pause between tries when the database itself does not wait, in ms. */
const LOCK_PAUSE_MS = 10;

export interface FoundFile {
  readonly inode: number;
  readonly sizeBytes: number;
  readonly changedAtMs: number;
  /** When it was created, in ms. Needed because inode numbers are soon reused. */
  readonly madeAtMs: number;
}

/**
 * The identity of the file at a path; null if it is missing or empty.
 * @throws StateUnusable for a named pipe, a device or anything else on which opening could block; any other system error
 */
export function findFile(path: string): FoundFile | null {
  try {
    const found = statSync(path);
    if (!found.isFile()) throw new StateUnusable('unwritable', 'it is not a regular file');
    const { ino, size, birthtimeMs, mtimeMs } = found;
    // An empty file is about to be filled by another process, or was left empty by a full disk.
    return size === 0 ? null : { inode: ino, madeAtMs: birthtimeMs, changedAtMs: mtimeMs, sizeBytes: size };
  } catch (error) {
    // Not ENOTDIR: where the directory is a file, a reader must not report circuits as closed and totals as zero.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Creates the directory (0700) and the file (0600) if they are missing. Existing ones keep their permissions. */
export function createFile(path: string): void {
  if (findFile(path) !== null) return;
  makeDirectory(dirname(path), 0o700);
  closeSync(openSync(path, 'a', 0o600));
}

/**
 * Opens an existing file, empty or not, and migrates its tables.
 * @throws StateUnusable for a newer schema, a network file system or another program's database; any SQLite or system
 * error
 */
export function openDatabase(path: string): DatabaseSync {
  if (isOnNetwork(path)) throw new StateUnusable('network_file_system');
  assertOurs(path);
  const database = new DatabaseSync(path, { timeout: LOCK_WAIT_MS });
  try {
    const version = readVersion(database);
    if (version > MIGRATIONS.length) throw new StateUnusable('newer_schema');
    // Before the write-ahead log exists, because the header of the file itself must contain the id.
    if (version === 0) retryWhileLocked(() => database.exec(`PRAGMA application_id = ${APPLICATION_ID}`));
    // The mode is stored in the file. Only changing it can hit a lock that the database does not wait for.
    if (version === 0) retryWhileLocked(() => database.exec('PRAGMA journal_mode = WAL'));
    // With a write-ahead log the file survives a crash; a power failure can lose only the last commits.
    database.exec('PRAGMA synchronous = NORMAL');
    if (version < MIGRATIONS.length) migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Opens an existing file for reading only.
 * @throws StateUnusable as above; any SQLite or system error
 */
export function openForReading(path: string): ReadOnlyDatabase {
  if (findFile(path) === null) throw new StateUnusable('unwritable');
  if (isOnNetwork(path)) throw new StateUnusable('network_file_system');
  assertOurs(path);
  const opened = openReadOnly(path);
  try {
    const version = readVersion(opened.database);
    if (version > MIGRATIONS.length) throw new StateUnusable('newer_schema');
    // Tables that an older file lacks become empty temporary tables, because nothing can be written to the file.
    opened.database.exec('PRAGMA temp_store = MEMORY');
    for (const statements of MIGRATIONS.slice(version)) {
      opened.database.exec(statements.replaceAll('CREATE TABLE', 'CREATE TEMP TABLE'));
    }
    return opened;
  } catch (error) {
    opened.database.close();
    throw error;
  }
}

/** A database private to this process. */
export function openMemory(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  migrate(database);
  return database;
}

/** Renames a corrupt file and its side files, unless another process has already replaced the file. */
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

/** Runs the missing migrations in one transaction. Another process may have run some of them in the meantime. */
function migrate(database: DatabaseSync): void {
  inTransaction(new Statements(database, { readsOnceATurn: false }), 'write', () => {
    for (const statements of MIGRATIONS.slice(readVersion(database))) database.exec(statements);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}`);
  });
}

function readVersion(database: DatabaseSync): number {
  return new Fields(database.prepare('PRAGMA user_version').get()).whole('user_version');
}

/** Changes when another connection changes the file; https://sqlite.org/pragma.html#pragma_data_version. */
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
