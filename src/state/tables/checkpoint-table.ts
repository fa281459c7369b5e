import type { Clock } from '../../clock.ts';
import { latestStoredTime, pastTime } from '../../stored-time.ts';
import { Fields, parseUsable } from './columns.ts';
import type { Checkpoint, CheckpointStore } from '../state.ts';
import { type Statements, inTransaction } from '../statements.ts';

const REPLACE = 'INSERT OR REPLACE INTO checkpoints (kind, id, saved_at_ms, document) VALUES (?, ?, ?, ?)';
const SELECT_ONE = 'SELECT * FROM checkpoints WHERE kind = ? AND id = ?';
const SELECT_KIND = 'SELECT * FROM checkpoints WHERE kind = ? ORDER BY saved_at_ms, id';
const SELECT_PREFIX = 'SELECT * FROM checkpoints WHERE kind = ? AND id >= ? AND id < ? ORDER BY saved_at_ms, id';
const REMOVE = 'DELETE FROM checkpoints WHERE kind = ? AND id = ?';
/** A time in the future would keep the checkpoint too long. */
const LIMIT_TIMES = 'UPDATE checkpoints SET saved_at_ms = :latest WHERE saved_at_ms > :latest';
const DROP_OLD =
  "DELETE FROM checkpoints WHERE (kind = 'sweep' AND saved_at_ms < ?) OR (kind = 'upload' AND saved_at_ms < ?)";

const DAY_MS = 24 * 3_600_000;

/** How long an unchanged sweep checkpoint is kept, in ms. It refers to nothing that needs removing. */
const SWEEP_KEPT_MS = 30 * DAY_MS;
/**
 * The same for an upload, whose parts the next run resumes or aborts. By then lifecycle rules have long removed the
 * parts. A download's checkpoint is dropped only by the run that removes its file.
 */
const UPLOAD_KEPT_MS = 365 * DAY_MS;

/** Sorts after every id, because ids are ASCII. */
const LAST = '\u{10FFFF}';

/** Checkpoints in an open database. Its methods throw what the database throws. */
export function openCheckpointTable(statements: Statements, clock: Pick<Clock, 'now'>): CheckpointStore {
  return {
    read: (kind, id) => parseUsable(statements.prepare(SELECT_ONE).get(kind, id), readDocument)[0],
    list: (kind, idPrefix) => {
      const records =
        idPrefix === undefined
          ? statements.prepare(SELECT_KIND).all(kind)
          : statements.prepare(SELECT_PREFIX).all(kind, idPrefix, `${idPrefix}${LAST}`);
      return records.flatMap((record) => parseUsable(record, (each) => parseCheckpoint(each, clock.now())));
    },
    save: ({ kind, id, document, nowMs }) =>
      inTransaction(statements, 'write', () => {
        statements.prepare(LIMIT_TIMES).run({ latest: latestStoredTime(nowMs) });
        statements.prepare(REPLACE).run(kind, id, nowMs, JSON.stringify(document));
        statements.prepare(DROP_OLD).run(nowMs - SWEEP_KEPT_MS, nowMs - UPLOAD_KEPT_MS);
      }),
    remove: (kind, id) => void statements.prepare(REMOVE).run(kind, id),
  };
}

function parseCheckpoint(record: unknown, nowMs: number): Checkpoint {
  const fields = new Fields(record);
  const savedAtMs = pastTime(fields.time('saved_at_ms'), nowMs);
  return { id: fields.text('id'), savedAtMs, document: readDocument(record) };
}

function readDocument(record: unknown): unknown {
  return new Fields(record).json('document');
}
