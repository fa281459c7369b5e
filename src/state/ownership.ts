import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { openReadOnly } from './read-only.ts';
import { StateUnusable } from './state-problem.ts';
import { Fields } from './tables/columns.ts';

/** Marks our files in their header: `brkw`; https://sqlite.org/fileformat.html, section 1.3. */
export const APPLICATION_ID = 0x62726b77;

const MAGIC = 'SQLite format 3\0';
/** The offset of the id in the header. */
const ID_OFFSET = 68;

/** Identifies the files of earlier versions, which had no id. */
const OUR_COLUMNS = `
  SELECT count(*) AS found FROM pragma_table_info('circuits')
  WHERE name IN ('epoch', 'opened_at_ms', 'open_for_ms', 'failure_threshold', 'success_threshold')`;
const OUR_COLUMNS_FOUND = 5;
/** 0 for a file without tables and without a version. */
const ANYTHING = 'SELECT count(*) + (SELECT user_version FROM pragma_user_version) AS found FROM sqlite_schema';

/**
 * Rejects another program's database without opening it for writing, which would create or remove side files. A file
 * that is not a database passes.
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

/** Whether an earlier version created the file, or started to. */
function hasOurTables(path: string): boolean {
  let database: DatabaseSync | null = null;
  try {
    ({ database } = openReadOnly(path));
    if (readCount(database, OUR_COLUMNS) === OUR_COLUMNS_FOUND) return true;
    return readCount(database, ANYTHING) === 0;
  } catch {
    // Unknown, so it is left alone.
    return false;
  } finally {
    database?.close();
  }
}

function readCount(database: DatabaseSync, text: string): number {
  return new Fields(database.prepare(text).get()).whole('found');
}
