import type { Clock } from '../../clock.ts';
import { latestStoredTime, pastTime } from '../../stored-time.ts';
import { Fields } from './columns.ts';
import type { CheckpointStore } from '../state.ts';
import { type Statements, inTransaction } from '../statements.ts';

const REPLACE = 'INSERT OR REPLACE INTO checkpoints (kind, id, saved_at_ms, document) VALUES (?, ?, ?, ?)';
const SELECT_ONE = 'SELECT * FROM checkpoints WHERE kind = ? AND id = ?';
const SELECT_KIND = 'SELECT * FROM checkpoints WHERE kind = ? ORDER BY saved_at_ms, id';
const REMOVE = 'DELETE FROM checkpoints WHERE kind = ? AND id = ?';
/** A time in the future would keep the checkpoint until 30 days after it. */
const LIMIT_TIMES = 'UPDATE checkpoints SET saved_at_ms = :latest WHERE saved_at_ms > :latest';
const DROP_OLD = 'DELETE FROM checkpoints WHERE saved_at_ms < ?';
/** By then the usual lifecycle rules of stores have removed unfinished uploads. */
const FORGOTTEN_AFTER_MS = 30 * 24 * 3_600_000;

/** Checkpoints in an open database. Its methods throw what the database throws. */
export function openCheckpointTable(statements: Statements, clock: Pick<Clock, 'now'>): CheckpointStore {
  return {
    read: (kind, id) => {
      const record = statements.prepare(SELECT_ONE).get(kind, id);
      return record === undefined ? undefined : new Fields(record).json('document');
    },
    list: (kind) =>
      statements
        .prepare(SELECT_KIND)
        .all(kind)
        .map((record) => {
          const fields = new Fields(record);
          const savedAtMs = pastTime(fields.whole('saved_at_ms'), clock.now());
          return { id: fields.text('id'), savedAtMs, document: fields.json('document') };
        }),
    save: ({ kind, id, document, nowMs }) =>
      inTransaction(statements, 'write', () => {
        statements.prepare(LIMIT_TIMES).run({ latest: latestStoredTime(nowMs) });
        statements.prepare(REPLACE).run(kind, id, nowMs, JSON.stringify(document));
        statements.prepare(DROP_OLD).run(nowMs - FORGOTTEN_AFTER_MS);
      }),
    remove: (kind, id) => void statements.prepare(REMOVE).run(kind, id),
  };
}
