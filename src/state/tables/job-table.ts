import type { Job } from '../../activity.ts';
import { latestStoredTime } from '../../stored-time.ts';
import { Fields, parseUsable } from './columns.ts';
import { parseProcess } from './circuit-rows.ts';
import type { JobStore } from '../state.ts';
import type { Statements } from '../statements.ts';

const REPLACE = `
  INSERT OR REPLACE INTO jobs (id, process, target, started_at_ms, updated_at_ms, moved_bytes, total_bytes, objects_begun, objects_done, objects_failed)
  VALUES (:id, :process, :target, :started_at_ms, :updated_at_ms, :moved_bytes, :total_bytes, :objects_begun, :objects_done, :objects_failed)`;
/** A killed job stays visible for an hour. */
const DROP_OLD = 'DELETE FROM jobs WHERE updated_at_ms < ?';
/** A time in the future would keep a killed job too long. */
const LIMIT_TIMES = 'UPDATE jobs SET updated_at_ms = :latest WHERE updated_at_ms > :latest';
const FORGOTTEN_AFTER_MS = 3_600_000;
const REMOVE = 'DELETE FROM jobs WHERE id = ?';
const SELECT_ALL = 'SELECT * FROM jobs ORDER BY started_at_ms, id';

/** The running transfers and sweeps in an open database. Its methods throw what the database throws. */
export function openJobTable(statements: Statements): JobStore {
  return {
    put: (job) => {
      statements.prepare(REPLACE).run({
        id: job.id,
        process: JSON.stringify(job.process),
        target: job.target,
        started_at_ms: job.startedAtMs,
        updated_at_ms: job.updatedAtMs,
        moved_bytes: job.movedBytes,
        total_bytes: job.totalBytes,
        objects_begun: job.objectsStarted,
        objects_done: job.objectsDone,
        objects_failed: job.objectsFailed,
      });
      statements.prepare(LIMIT_TIMES).run({ latest: latestStoredTime(job.updatedAtMs) });
      statements.prepare(DROP_OLD).run(job.updatedAtMs - FORGOTTEN_AFTER_MS);
    },
    remove: (id) => void statements.prepare(REMOVE).run(id),
    list: () =>
      statements
        .prepare(SELECT_ALL)
        .all()
        .flatMap((record) => parseUsable(record, parseJob)),
  };
}

function parseJob(record: unknown): Job {
  const fields = new Fields(record);
  return {
    id: fields.text('id'),
    process: parseProcess(new Fields(fields.json('process'))),
    target: fields.textOrNull('target'),
    startedAtMs: fields.time('started_at_ms'),
    updatedAtMs: fields.time('updated_at_ms'),
    movedBytes: fields.whole('moved_bytes'),
    totalBytes: fields.wholeOrNull('total_bytes'),
    objectsStarted: fields.whole('objects_begun'),
    objectsDone: fields.whole('objects_done'),
    objectsFailed: fields.whole('objects_failed'),
  };
}
