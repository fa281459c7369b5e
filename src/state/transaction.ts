import type { Statements } from './statements.ts';

/**
 * Runs `work` in one transaction: all of it, or nothing where it throws. A write transaction takes the write lock at
 * its begin, so that what it reads cannot be changed by others before it writes.
 */
export function inTransaction<T>(statements: Statements, kind: 'read' | 'write', work: () => T): T {
  const { database } = statements;
  statements.prepare(kind === 'write' ? 'BEGIN IMMEDIATE' : 'BEGIN').run();
  try {
    const result = work();
    statements.prepare('COMMIT').run();
    return result;
  } catch (error) {
    // An error such as "disk full" has ended the transaction already.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
