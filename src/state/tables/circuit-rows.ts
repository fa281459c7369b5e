import {
  LONGEST_ISOLATION_MS,
  type CircuitRow,
  type CircuitState,
  type FailureCause,
  type Lease,
  type ManualChange,
  type ProcessIdentity,
  type Transition,
} from '../../circuit/circuit.ts';
import { CorruptRow, Fields } from './columns.ts';

/** Far above any real count, and still exact when incremented. */
const COUNT_MAX = 2 ** 52;

const STATES: readonly CircuitState[] = ['closed', 'open', 'half_open', 'isolated'];
const REASONS: readonly Transition['why'][] = [
  'threshold_reached',
  'probe_due',
  'probe_failed',
  'probes_succeeded',
  'reset',
  'isolated',
  'isolation_ended',
];

/**
 * One record of `circuits` as a row.
 * @throws CorruptRow if the state machine could not have written it
 */
export function parseCircuitRow(record: unknown): CircuitRow {
  const fields = new Fields(record);
  const row: CircuitRow = {
    name: fields.text('name'),
    state: fields.word('state', STATES),
    epoch: fields.between('epoch', 0, COUNT_MAX),
    failures: fields.between('failures', 0, COUNT_MAX),
    successes: fields.between('successes', 0, COUNT_MAX),
    openedAtMs: fields.timeOrNull('opened_at_ms'),
    openForMs: fields.betweenOrNull('open_for_ms', 0, LONGEST_ISOLATION_MS),
    failureThreshold: fields.between('failure_threshold', 1, COUNT_MAX),
    successThreshold: fields.between('success_threshold', 1, COUNT_MAX),
    lease: fields.jsonOrNull('lease', parseLease),
    lastFailure: fields.jsonOrNull('last_failure', parseCause),
    manual: fields.jsonOrNull('manual', parseManual),
    changedAtMs: fields.timeOrNull('changed_at_ms'),
  };
  const isWithoutWait = row.state === 'open' && (row.openedAtMs === null || row.openForMs === null);
  if (isWithoutWait || (row.state === 'isolated' && row.manual === null)) {
    throw new CorruptRow(`the stored circuit ${row.name} is ${row.state} without the times that belong to that state`);
  }
  return row;
}

/**
 * One record of `transitions`.
 * @throws CorruptRow
 */
export function parseTransition(record: unknown): Transition {
  const fields = new Fields(record);
  return {
    circuit: fields.text('circuit'),
    atMs: fields.time('at_ms'),
    from: fields.word('from_state', STATES),
    to: fields.word('to_state', STATES),
    epoch: fields.whole('epoch'),
    why: fields.word('why', REASONS),
    cause: fields.jsonOrNull('cause', parseCause),
    manual: fields.jsonOrNull('manual', parseManual),
    process: parseProcess(new Fields(fields.json('process'))),
  };
}

/** A row as a record of `circuits`. */
export function toCircuitRecord(row: CircuitRow): Record<string, string | number | null> {
  return {
    name: row.name,
    state: row.state,
    epoch: row.epoch,
    failures: row.failures,
    successes: row.successes,
    opened_at_ms: row.openedAtMs,
    open_for_ms: row.openForMs,
    failure_threshold: row.failureThreshold,
    success_threshold: row.successThreshold,
    lease: toJson(row.lease),
    last_failure: toJson(row.lastFailure),
    manual: toJson(row.manual),
    changed_at_ms: row.changedAtMs,
  };
}

/** A transition as a record of `transitions`. */
export function toTransitionRecord(transition: Transition): Record<string, string | number | null> {
  const { circuit, atMs, from, to, epoch, why, cause, manual, process } = transition;
  return {
    circuit,
    at_ms: atMs,
    from_state: from,
    to_state: to,
    epoch,
    why,
    cause: toJson(cause),
    manual: toJson(manual),
    process: JSON.stringify(process),
  };
}

function toJson(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

function parseLease(fields: Fields): Lease {
  const takenAtMs = fields.has('takenAtMs') ? { takenAtMs: fields.time('takenAtMs') } : {};
  return {
    token: fields.text('token'),
    expiresAtMs: fields.time('expiresAtMs'),
    owner: parseOwner(fields, 'owner'),
    ...takenAtMs,
  };
}

function parseCause(fields: Fields): FailureCause {
  return {
    atMs: fields.time('atMs'),
    code: fields.text('code'),
    message: fields.text('message'),
    httpStatus: fields.wholeOrNull('httpStatus'),
    requestId: fields.textOrNull('requestId'),
    process: parseOwner(fields, 'process'),
  };
}

function parseManual(fields: Fields): ManualChange {
  const manual = {
    by: fields.text('by'),
    atMs: fields.time('atMs'),
    reason: fields.textOrNull('reason'),
    untilMs: fields.timeOrNull('untilMs'),
  };
  if (manual.untilMs !== null && manual.untilMs - manual.atMs > LONGEST_ISOLATION_MS) {
    throw new CorruptRow('the stored isolation is longer than any that this program accepts');
  }
  return manual;
}

function parseOwner(fields: Fields, name: string): ProcessIdentity {
  const owner = fields.objectOrNull(name, parseProcess);
  if (owner === null) throw new CorruptRow(`the stored field ${name} is missing`);
  return owner;
}

/** @throws CorruptRow */
export function parseProcess(fields: Fields): ProcessIdentity {
  return {
    pid: fields.whole('pid'),
    startTime: fields.textOrNull('startTime'),
    bootId: fields.textOrNull('bootId'),
    pidNamespace: fields.textOrNull('pidNamespace'),
    host: fields.text('host'),
    command: fields.text('command'),
  };
}
