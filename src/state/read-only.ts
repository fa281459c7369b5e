import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

export interface ReadOnlyDatabase {
  readonly database: DatabaseSync;
  /** Takes no lock and sees no later change; https://sqlite.org/c3ref/open.html, `immutable`. */
  readonly isImmutable: boolean;
}

/**
 * Opens a database where nothing can be written, such as a read-only mount or a full disk. The write-ahead log needs an
 * index file, so without a log the database is opened as immutable.
 * @throws any SQLite error, in some cases only at the first read
 */
export function openReadOnly(path: string): ReadOnlyDatabase {
  const isImmutable = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
  const url = pathToFileURL(path);
  url.search = isImmutable ? 'mode=ro&immutable=1' : 'mode=ro&readonly_shm=1';
  return { database: new DatabaseSync(url, { readOnly: true }), isImmutable };
}
