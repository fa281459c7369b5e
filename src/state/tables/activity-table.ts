import { ACTIVITY_KEPT_MS, type ActivitySlot } from '../../activity.ts';
import { latestStoredTime } from '../../stored-time.ts';
import { Fields, parseUsable } from './columns.ts';
import type { ActivityStore } from '../state.ts';
import { type Statements, inTransaction } from '../statements.ts';

const SELECT_ONE = 'SELECT * FROM activity WHERE circuit = ? AND slot_ms = ?';
const SELECT_SINCE = 'SELECT * FROM activity WHERE slot_ms >= ? ORDER BY slot_ms, circuit';
const REPLACE = `
  INSERT OR REPLACE INTO activity (circuit, slot_ms, successes, errors, refused, durations, retries)
  VALUES (:circuit, :slot_ms, :successes, :errors, :refused, :durations, :retries)`;
/** A slot in the future comes from a clock that was ahead. If it stayed, later activity would be added to it. */
const DROP_WRONG = 'DELETE FROM activity WHERE slot_ms < ? OR slot_ms > ?';

const SELECT_MET = 'SELECT circuit, CAST(met_at_ms AS REAL) AS met_at_ms FROM met_circuits';
/** At most once an hour: a circuit in use must not grow the write-ahead log for it. */
const NOTE_MET = `
  INSERT INTO met_circuits (circuit, met_at_ms) VALUES (:circuit, :now)
  ON CONFLICT DO UPDATE SET met_at_ms = excluded.met_at_ms WHERE abs(met_at_ms - excluded.met_at_ms) >= 3600000`;

/** The recent activity in an open database. Its methods throw what the database throws. */
export function openActivityTable(statements: Statements): ActivityStore {
  const addOne = (slot: ActivitySlot): void => {
    const [before] = parseUsable(statements.prepare(SELECT_ONE).get(slot.circuit, slot.slotMs), parseSlot);
    statements.prepare(REPLACE).run({
      circuit: slot.circuit,
      slot_ms: slot.slotMs,
      successes: slot.successes + (before?.successes ?? 0),
      errors: slot.errors + (before?.errors ?? 0),
      refused: slot.refused + (before?.refused ?? 0),
      durations: JSON.stringify(addEach(slot.durations, before?.durations)),
      retries: JSON.stringify(addEach(slot.retries, before?.retries)),
    });
  };
  return {
    add: (slots, nowMs) =>
      inTransaction(statements, 'write', () => {
        for (const slot of slots) addOne(slot);
        for (const circuit of new Set(slots.map((slot) => slot.circuit))) {
          statements.prepare(NOTE_MET).run({ circuit, now: nowMs });
        }
        statements.prepare(DROP_WRONG).run(nowMs - ACTIVITY_KEPT_MS, latestStoredTime(nowMs));
      }),
    met: () =>
      new Map(
        statements
          .prepare(SELECT_MET)
          .all()
          .map((record) => {
            const fields = new Fields(record);
            return [fields.text('circuit'), fields.number('met_at_ms')];
          }),
      ),
    read: (sinceMs) =>
      statements
        .prepare(SELECT_SINCE)
        .all(sinceMs)
        .flatMap((record) => parseUsable(record, parseSlot)),
  };
}

function addEach(counts: readonly number[], before: readonly number[] = []): readonly number[] {
  return counts.map((count, index) => count + (before[index] ?? 0));
}

function parseSlot(record: unknown): ActivitySlot {
  const fields = new Fields(record);
  return {
    circuit: fields.text('circuit'),
    slotMs: fields.time('slot_ms'),
    successes: fields.whole('successes'),
    errors: fields.whole('errors'),
    refused: fields.whole('refused'),
    durations: fields.jsonNumbers('durations'),
    retries: fields.jsonNumbers('retries'),
  };
}
