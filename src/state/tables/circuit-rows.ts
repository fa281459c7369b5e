import type {
  CircuitRow,
  CircuitState,
  FailureCause,
  Lease,
  ManualChange,
  ProcessIdentity,
  Transition,
} from '../../circuit/circuit.ts';
import { CorruptRow, Fields } from './columns.ts';

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
    epoch: fields.whole('epoch'),
    failures: fields.whole('failures'),
    successes: fields.whole('successes'),
    openedAtMs: fields.wholeOrNull('opened_at_ms'),
    openForMs: fields.wholeOrNull('open_for_ms'),
    failureThreshold: fields.whole('failure_threshold'),
    successThreshold: fields.whole('success_threshold'),
    lease: fields.jsonOrNull('lease', parseLease),
    lastFailure: fields.jsonOrNull('last_failure', parseCause),
    manual: fields.jsonOrNull('manual', parseManual),
    changedAtMs: fields.wholeOrNull('changed_at_ms'),
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
    atMs: fields.whole('at_ms'),
    from: fields.word('from_state', STATES),
    to: fields.word('to_state', STATES),
    epoch: fields.whole('epoch'),
    why: fields.word('why', REASONS),
    cause: fields.jsonOrNull('cause', parseCause),
    manual: fields.jsonOrNull('manual', parseManual),
    process: parseProcess(new Fields(fields.json('process'))),
  };
}

function parseLease(fields: Fields): Lease {
  return {
    token: fields.text('token'),
    expiresAtMs: fields.whole('expiresAtMs'),
    owner: parseOwner(fields, 'owner'),
  };
}

function parseCause(fields: Fields): FailureCause {
  return {
    atMs: fields.whole('atMs'),
    code: fields.text('code'),
    message: fields.text('message'),
    httpStatus: fields.wholeOrNull('httpStatus'),
    requestId: fields.textOrNull('requestId'),
    process: parseOwner(fields, 'process'),
  };
}

function parseManual(fields: Fields): ManualChange {
  return {
    by: fields.text('by'),
    atMs: fields.whole('atMs'),
    reason: fields.textOrNull('reason'),
    untilMs: fields.wholeOrNull('untilMs'),
  };
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
