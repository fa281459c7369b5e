import type { CircuitRow, Transition } from '../../circuit/circuit.ts';
import type { CircuitStore } from '../../circuit/circuit-store.ts';
import { Fields, parseUsable } from './columns.ts';
import { parseCircuitRow, parseTransition, toCircuitRecord, toTransitionRecord } from './circuit-rows.ts';
import { TRANSITIONS_KEPT } from '../schema.ts';
import { type Statements, inTransaction } from '../statements.ts';

const SELECT_ONE = 'SELECT * FROM circuits WHERE name = ?';
const SELECT_ALL = 'SELECT * FROM circuits ORDER BY name';
const REPLACE = `
  INSERT OR REPLACE INTO circuits (name, state, epoch, failures, successes, opened_at_ms, open_for_ms,
    failure_threshold, success_threshold, lease, last_failure, manual, changed_at_ms)
  VALUES (:name, :state, :epoch, :failures, :successes, :opened_at_ms, :open_for_ms,
    :failure_threshold, :success_threshold, :lease, :last_failure, :manual, :changed_at_ms)`;
const SELECT_TRANSITIONS =
  'SELECT * FROM transitions WHERE :circuit IS NULL OR circuit = :circuit ORDER BY id DESC LIMIT :limit';
const INSERT_TRANSITION = `
  INSERT INTO transitions (circuit, at_ms, from_state, to_state, epoch, why, cause, manual, process)
  VALUES (:circuit, :at_ms, :from_state, :to_state, :epoch, :why, :cause, :manual, :process)`;
const DROP_OLD_TRANSITIONS = `
  DELETE FROM transitions WHERE circuit = :circuit AND id <= (
    SELECT id FROM transitions WHERE circuit = :circuit ORDER BY id DESC LIMIT 1 OFFSET ${TRANSITIONS_KEPT})`;
const SUM_REFUSALS = 'SELECT coalesce(sum(count), 0) AS refused FROM refusals WHERE circuit = ? AND epoch >= ?';

/**
 * The circuits in an open database. Its methods throw what the database throws. A record that no circuit can have, such
 * as one with an impossible date, counts as missing. The next change of the circuit replaces it.
 * An unchanged row is not read again, because every operation looks at its circuit.
 * @param onUnusable receives the reason
 */
export function openCircuitTable(statements: Statements, onUnusable: (reason: string) => void): CircuitStore {
  const read = (name: string): CircuitRow | undefined =>
    parseUsable(statements.prepare(SELECT_ONE).get(name), parseCircuitRow, onUnusable)[0];
  const known = new Map<string, CircuitRow | undefined>();
  let knownRevision: number | null = null;
  return {
    read: (name) => {
      // Before the row, so that a change in between is found by the next read.
      const revision = statements.revision();
      if (revision !== knownRevision) known.clear();
      knownRevision = revision;
      if (!known.has(name)) known.set(name, read(name));
      return known.get(name);
    },
    list: () =>
      statements
        .prepare(SELECT_ALL)
        .all()
        .flatMap((record) => parseUsable(record, parseCircuitRow, onUnusable)),
    update: (name, change) =>
      inTransaction(statements, 'write', () => {
        const stored = read(name);
        const { row, transitions, result } = change(stored);
        if (row !== undefined && row !== stored) statements.prepare(REPLACE).run(toCircuitRecord(row));
        for (const transition of transitions) insertTransition(statements, transition);
        return result;
      }),
    transitions: ({ circuit, limit }) =>
      statements
        .prepare(SELECT_TRANSITIONS)
        .all({ circuit: circuit ?? null, limit })
        .flatMap((record) => parseUsable(record, parseTransition, onUnusable)),
    refusals: (circuit, sinceEpoch) =>
      new Fields(statements.prepare(SUM_REFUSALS).get(circuit, sinceEpoch)).whole('refused'),
  };
}

function insertTransition(statements: Statements, transition: Transition): void {
  const { circuit } = transition;
  statements.prepare(INSERT_TRANSITION).run(toTransitionRecord(transition));
  statements.prepare(DROP_OLD_TRANSITIONS).run({ circuit });
}
