import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { ThisTurn } from '../this-turn.ts';
import { Fields } from './tables/columns.ts';

/** The prepared statements of one open database: each text is compiled once. */
export class Statements {
  readonly database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();
  /** Of this turn; null if it is read each time. */
  readonly #version: ThisTurn<number> | null;
  #writes = 0;

  /** @param readsOnceATurn changes of other connections are seen in the next turn of the event loop */
  constructor(database: DatabaseSync, { readsOnceATurn }: { readonly readsOnceATurn: boolean }) {
    this.database = database;
    this.#version = readsOnceATurn ? new ThisTurn() : null;
  }

  /** @param text one of a small fixed set, because each stays in memory until the database is closed */
  prepare(text: string): StatementSync {
    const known = this.#prepared.get(text);
    if (known !== undefined) return known;
    const prepared = this.database.prepare(text);
    // A number that a double cannot hold would otherwise fail the whole query, not only its row.
    prepared.setReadBigInts(true);
    this.#prepared.set(text, prepared);
    return prepared;
  }

  /**
   * Differs from the last one if the database may have changed since: by another connection
   * (https://sqlite.org/pragma.html#pragma_data_version), or by a transaction of this one. Cheaper than reading a row.
   */
  revision(): number {
    const version = this.#version?.value ?? this.#readVersion();
    // The version has 32 bits.
    return this.#writes * 2 ** 32 + version;
  }

  #readVersion(): number {
    const version = new Fields(this.prepare('PRAGMA data_version').get()).whole('data_version');
    this.#version?.set(version);
    return version;
  }

  /** Call before and after every write transaction, however it ends. */
  noteWrite(): void {
    this.#writes += 1;
  }
}

/**
 * Runs `work` in one transaction and rolls back if it throws. A write transaction takes the write lock first, so that
 * no other process can change data between its reads and writes.
 */
export function inTransaction<T>(statements: Statements, kind: 'read' | 'write', work: () => T): T {
  const { database } = statements;
  statements.prepare(kind === 'write' ? 'BEGIN IMMEDIATE' : 'BEGIN').run();
  if (kind === 'write') statements.noteWrite();
  try {
    const result = work();
    statements.prepare('COMMIT').run();
    return result;
  } catch (error) {
    // An error such as a full disk has already ended the transaction.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  } finally {
    if (kind === 'write') statements.noteWrite();
  }
}
