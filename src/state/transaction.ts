import type { DatabaseSync } from 'node:sqlite';

/**
 * Runs `work` in one transaction: all of it, or nothing where it throws. A write transaction takes the write lock at
 * its begin, so that what it reads cannot be changed by others before it writes.
 */
export function inTransaction<T>(database: DatabaseSync, kind: 'read' | 'write', work: () => T): T {
  database.exec(kind === 'write' ? 'BEGIN IMMEDIATE' : 'BEGIN');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // An error such as "disk full" has ended the transaction already.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
