import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** The prepared statements of one open database: each text is compiled once. */
export class Statements {
  readonly database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  /** @param text one of a fixed few: every new one stays until the database is closed */
  prepare(text: string): StatementSync {
    const prepared = this.#prepared.get(text) ?? this.database.prepare(text);
    this.#prepared.set(text, prepared);
    return prepared;
  }
}
