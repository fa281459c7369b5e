import { latestStoredTime } from '../../stored-time.ts';
import type { CleanUp, CleanUpRequest } from '../state.ts';
import { type Statements, inTransaction } from '../statements.ts';
import { parseProcess } from './circuit-rows.ts';
import { Fields, parseUsable } from './columns.ts';

const DAY_MS = 86_400_000;

/** How often a file is cleaned up, in ms; sooner only if the number of circuits has more than doubled. */
const EVERY_MS = DAY_MS;
/** New circuits that are always accepted before the next clean-up. */
const NEW_CIRCUITS_MAX = 100;

/** A circuit that nobody has met for so long is forgotten, with its history and its series, in ms. */
export const CIRCUIT_KEPT_MS = 90 * DAY_MS;
/** Of more circuits, those met last are kept, and every one that was met within a day. */
export const CIRCUITS_KEPT = 1000;
/** Transitions of all circuits together, and as many counts of refusals. */
export const HISTORY_KEPT = 20_000;
/** A claim that expired so long ago is forgotten, unless its owner is a living process of this machine, in ms. */
export const CLAIM_KEPT_MS = 7 * DAY_MS;
/** A job that has not reported for so long is forgotten, in ms: 1 hour. */
const JOB_KEPT_MS = 3_600_000;
/** An outlet that nobody has refreshed for so long is forgotten, in ms. */
const OUTLET_KEPT_MS = 90 * DAY_MS;

const SELECT_MARKS = `
  SELECT coalesce(max(value) FILTER (WHERE name = 'clean-up'), 0) AS cleaned_at_ms,
         coalesce(max(value) FILTER (WHERE name = 'clean-up circuits'), 0) AS circuits_then,
         (SELECT count(*) FROM circuits) AS circuits_now
  FROM marks WHERE name IN ('clean-up', 'clean-up circuits')`;
const SET_MARKS = `
  INSERT OR REPLACE INTO marks (name, value, set_at_ms)
  VALUES ('clean-up', :now, :now), ('clean-up circuits', (SELECT count(*) FROM circuits), :now)`;

/** When each circuit was met last. A time in the future was left by a clock that was ahead, and counts as now. */
const LAST_MET = `
  SELECT name, state, min(:latest, max(
    coalesce(met_at_ms, 0), coalesce(changed_at_ms, CASE WHEN json_valid(last_failure) THEN CAST(last_failure ->> '$.atMs' AS INTEGER) END, 0))) AS met
  FROM circuits LEFT JOIN met_circuits ON circuit = name`;
/** An isolation is somebody's will, however old. */
const DROP_CIRCUITS = `
  WITH seen AS MATERIALIZED (${LAST_MET})
  DELETE FROM circuits WHERE state <> 'isolated' AND name IN (
    SELECT name FROM seen WHERE met < :latest - ${CIRCUIT_KEPT_MS}
    UNION SELECT name FROM (SELECT name, met FROM seen ORDER BY met DESC LIMIT -1 OFFSET ${CIRCUITS_KEPT})
    WHERE met < :latest - ${DAY_MS})`;
/** First: otherwise a circuit that changed in the future would be as new at the next clean-up. */
const KEEP_TIMES = [
  'UPDATE met_circuits SET met_at_ms = :latest WHERE met_at_ms > :latest',
  'INSERT OR IGNORE INTO met_circuits SELECT name, :latest FROM circuits WHERE changed_at_ms > :latest',
  'UPDATE circuits SET changed_at_ms = :latest WHERE changed_at_ms > :latest',
] as const;
const DROP_MET = `
  DELETE FROM met_circuits WHERE circuit NOT IN (SELECT name FROM circuits) AND (
    met_at_ms < :latest - ${CIRCUIT_KEPT_MS} OR circuit NOT IN (
      SELECT circuit FROM met_circuits ORDER BY met_at_ms DESC LIMIT ${CIRCUITS_KEPT}))`;
const KNOWN = 'SELECT name FROM circuits UNION SELECT circuit FROM met_circuits';
const DROP_REST = [
  'DELETE FROM transitions WHERE circuit NOT IN (SELECT name FROM circuits)',
  `DELETE FROM transitions WHERE id <= (SELECT id FROM transitions ORDER BY id DESC LIMIT 1 OFFSET ${HISTORY_KEPT})`,
  `DELETE FROM refusals WHERE ${localName('circuit')} NOT IN (${KNOWN})`,
  `DELETE FROM refusals WHERE rowid <= (SELECT rowid FROM refusals ORDER BY rowid DESC LIMIT 1 OFFSET ${HISTORY_KEPT})`,
  // Only series of a circuit: NULL is not in an empty set either.
  `DELETE FROM counters WHERE CASE WHEN json_valid(labels) THEN labels ->> '$.circuit_name' IS NOT NULL
     AND ${localName("labels ->> '$.circuit_name'")} NOT IN (${KNOWN}) END`,
] as const;
const DROP_JOBS = 'DELETE FROM jobs WHERE abs(updated_at_ms - :now) > :kept';
const DROP_OUTLETS = `DELETE FROM marks WHERE (name LIKE 'outlet %' OR name LIKE 'fleet failed %') AND abs(set_at_ms - :now) > :kept`;
const SELECT_CLAIMS = 'SELECT name, owner FROM claims WHERE abs(expires_at_ms - :now) > :kept';
const DROP_CLAIM = 'DELETE FROM claims WHERE name = ?';

/** A circuit of a fleet has its row elsewhere; it is known here by the circuit of this host. */
function localName(name: string): string {
  return `(CASE WHEN ${name} LIKE 'fleet/%' THEN substr(${name}, 7) ELSE ${name} END)`;
}

/** Removes what a year of runs leaves behind, in an open database. Throws what the database throws. */
export function openCleanUp(statements: Statements): CleanUp {
  return {
    isDue: (nowMs) => {
      const fields = new Fields(statements.prepare(SELECT_MARKS).get());
      const cleanedAtMs = fields.number('cleaned_at_ms');
      const isOld = Math.abs(nowMs - cleanedAtMs) >= EVERY_MS;
      return isOld || fields.number('circuits_now') >= 2 * fields.number('circuits_then') + NEW_CIRCUITS_MAX;
    },
    run: (request) => inTransaction(statements, 'write', () => cleanUp(statements, request)),
  };
}

function cleanUp(statements: Statements, { nowMs: now, checkOwner }: CleanUpRequest): void {
  const latest = latestStoredTime(now);
  for (const text of [...KEEP_TIMES, DROP_CIRCUITS, DROP_MET]) statements.prepare(text).run({ latest });
  for (const text of DROP_REST) statements.prepare(text).run();
  statements.prepare(DROP_JOBS).run({ now, kept: JOB_KEPT_MS });
  statements.prepare(DROP_OUTLETS).run({ now, kept: OUTLET_KEPT_MS });
  for (const record of statements.prepare(SELECT_CLAIMS).all({ now, kept: CLAIM_KEPT_MS })) {
    const fields = new Fields(record);
    const [owner] = parseUsable(record, (each) => parseProcess(new Fields(new Fields(each).json('owner'))));
    // A process that cannot be checked has not renewed its claim for days.
    if (owner === undefined || checkOwner(owner) !== 'alive') statements.prepare(DROP_CLAIM).run(fields.text('name'));
  }
  statements.prepare(SET_MARKS).run({ now });
}
