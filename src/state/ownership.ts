import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { openReadOnly } from './read-only.ts';
import { StateUnusable } from './state-problem.ts';
import { Fields } from './tables/columns.ts';

/** Marks our files in their header: `brkw`; https://sqlite.org/fileformat.html, section 1.3. */
export const APPLICATION_ID = 0x62726b77;

const MAGIC = 'SQLite format 3\0';
/** Where the header has the id. */
const ID_OFFSET = 68;

/** The columns by which the files of earlier versions are known: those had no id. */
const OUR_COLUMNS = `
  SELECT count(*) AS found FROM pragma_table_info('circuits')
  WHERE name IN ('epoch', 'opened_at_ms', 'open_for_ms', 'failure_threshold', 'success_threshold')`;
const OUR_COLUMNS_FOUND = 5;

/**
 * Refuses a database that another program has made, without opening it for writing: even that leaves side files beside
 * it, or removes them. What is not a database is not refused here.
 * @throws StateUnusable `foreign`
 */
export function assertOurs(path: string): void {
  const header = readHeader(path);
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) return;
  const id = header.readUInt32BE(ID_OFFSET);
  if (id === APPLICATION_ID || (id === 0 && hasOurTables(path))) return;
  throw new StateUnusable('foreign');
}

function readHeader(path: string): Buffer {
  const header = Buffer.alloc(ID_OFFSET + 4);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    readSync(fd, header);
    return header;
  } finally {
    closeSync(fd);
  }
}

/** Whether an earlier version has made the file, or has begun to. */
function hasOurTables(path: string): boolean {
  let database: DatabaseSync | null = null;
  try {
    ({ database } = openReadOnly(path));
    if (readCount(database, OUR_COLUMNS) === OUR_COLUMNS_FOUND) return true;
    return (
      readCount(
        database,
        'SELECT count(*) + (SELECT user_version FROM pragma_user_version) AS found FROM sqlite_schema',
      ) === 0
    );
  } catch {
    // It cannot be told, so it is left alone.
    return false;
  } finally {
    database?.close();
  }
}

function readCount(database: DatabaseSync, text: string): number {
  return new Fields(database.prepare(text).get()).whole('found');
}
