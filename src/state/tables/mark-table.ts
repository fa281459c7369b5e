import type { MarkStore } from '../state.ts';
import type { Statements } from '../statements.ts';
import { Fields } from './columns.ts';

const SELECT = 'SELECT value FROM marks WHERE name = ?';
const SET = 'INSERT OR REPLACE INTO marks (name, value, set_at_ms) VALUES (:name, :value, :set_at_ms)';
const RAISE = `
  INSERT INTO marks (name, value, set_at_ms) VALUES (:name, :value, :set_at_ms)
  ON CONFLICT DO UPDATE SET value = max(value, excluded.value), set_at_ms = excluded.set_at_ms`;

/** Marks in an open database. Its methods throw what the database throws. */
export function openMarkTable(statements: Statements): MarkStore {
  return {
    read: (name) => {
      const record = statements.prepare(SELECT).get(name);
      return record === undefined ? 0 : new Fields(record).whole('value');
    },
    set: (name, { value, nowMs }) => void statements.prepare(SET).run({ name, value, set_at_ms: nowMs }),
    raise: (name, { value, nowMs }) => void statements.prepare(RAISE).run({ name, value, set_at_ms: nowMs }),
  };
}
