import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

export interface ReadOnlyDatabase {
  readonly database: DatabaseSync;
  /** It takes no lock and sees no later change; https://sqlite.org/c3ref/open.html, `immutable`. */
  readonly isImmutable: boolean;
}

/**
 * Opens a database for reading, where nothing can be written: on a read-only mount, or on a full disk. The write-ahead
 * log needs an index file, so without a log the database is opened as one that nobody changes.
 * @throws what the database throws, some of it at the first read
 */
export function openReadOnly(path: string): ReadOnlyDatabase {
  const isImmutable = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
  const url = pathToFileURL(path);
  url.search = isImmutable ? 'mode=ro&immutable=1' : 'mode=ro&readonly_shm=1';
  return { database: new DatabaseSync(url, { readOnly: true }), isImmutable };
}
