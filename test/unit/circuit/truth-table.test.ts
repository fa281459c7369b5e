import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_CIRCUIT_SETTINGS,
  LONGEST_ISOLATION_MS,
  type CircuitRow,
  type CircuitState,
  type FailureCause,
  type ManualChange,
  type Permit,
  type ProcessIdentity,
  type Verdict,
} from '../../../src/circuit/circuit.ts';
import type { Step } from '../../../src/circuit/change-state.ts';
import { admit, initialRow, isolate, renew, reset, settle } from '../../../src/circuit/state-machine.ts';

const NOW_MS = 1_000_000;
const SETTINGS = DEFAULT_CIRCUIT_SETTINGS;
const OPEN_MS = SETTINGS.openForMs;
const LEASE_MS = SETTINGS.probeLeaseMs;

const ME: ProcessIdentity = { pid: 1, startTime: '1', bootId: 'b', pidNamespace: 'n', host: 'h', command: 'put' };
const OTHER: ProcessIdentity = { ...ME, pid: 2 };
const FAILURE: FailureCause = {
  atMs: NOW_MS,
  code: 'SlowDown',
  message: '',
  httpStatus: 503,
  requestId: 'r',
  process: ME,
};
const MANUAL: ManualChange = { by: 'ops', atMs: NOW_MS, reason: 'why', untilMs: null };
const MOMENT = { nowMs: NOW_MS, settings: SETTINGS, process: ME };

/** Of every row; begun just now, so that the next is one more. */
const EPOCH = NOW_MS;
const CLOSED: CircuitRow = { ...initialRow('c', SETTINGS), epoch: EPOCH };
const OPEN: CircuitRow = { ...CLOSED, state: 'open', failures: 5, openedAtMs: NOW_MS - 1000, openForMs: OPEN_MS };
const HALF_OPEN: CircuitRow = {
  ...OPEN,
  state: 'half_open',
  lease: { token: 'token', expiresAtMs: NOW_MS + 1000, owner: OTHER },
};
const ISOLATED: CircuitRow = { ...CLOSED, state: 'isolated', manual: { ...MANUAL, untilMs: NOW_MS + 1000 } };
const CALL: Permit = { circuit: 'c', epoch: EPOCH, probeToken: null };
const PROBE: Permit = { ...CALL, probeToken: 'token' };
const OLD: Permit = { ...CALL, epoch: EPOCH - 1 };

const VERDICTS: readonly Verdict[] = ['success', 'failure', 'neutral'];

interface Expected {
  readonly next: CircuitState;
  /** Fields that the row has beside those it had; null for "the very same row". */
  readonly written: Partial<CircuitRow> | null;
  readonly result: unknown;
}

interface Row {
  readonly id: string;
  readonly run: () => readonly (readonly [from: CircuitRow, step: Step<unknown>])[];
  readonly expected: Expected;
}

/** Settling `row` with each of the verdicts. */
function settled(id: string, row: CircuitRow, permit: Permit, verdicts: Verdict | 'any', expected: Expected): Row {
  const each = verdicts === 'any' ? VERDICTS : [verdicts];
  const settleWith = (verdict: Verdict): readonly [CircuitRow, Step<unknown>] => {
    const failure = verdict === 'failure' ? FAILURE : null;
    return [row, settle(row, { ...MOMENT, permit, verdict, failure })];
  };
  return { id, run: () => each.map(settleWith), expected };
}

function stale(id: string, row: CircuitRow, permit: Permit): Row {
  return settled(id, row, permit, 'any', { next: row.state, written: null, result: 'stale' });
}

function admitted(id: string, row: CircuitRow, expected: Expected, isOwnerAlive = true): Row {
  return { id, run: () => [[row, admit(row, { ...MOMENT, token: 'new', isOwnerAlive })]], expected };
}

const refused = (reason: string, retryAfterMs: number | null) => ({
  kind: 'refused',
  refusal: expect.objectContaining({ circuit: 'c', refusedBy: 'c', epoch: EPOCH, reason, retryAfterMs }),
});
const permitted = (epoch: number, probeToken: string | null) => ({
  kind: 'admitted',
  permit: { circuit: 'c', epoch, probeToken },
});

const MY_LEASE = { token: 'new', expiresAtMs: NOW_MS + LEASE_MS, owner: ME };
const JUST_OPENED = {
  state: 'open',
  epoch: EPOCH + 1,
  openedAtMs: NOW_MS,
  openForMs: OPEN_MS,
  changedAtMs: NOW_MS,
} as const;
const JUST_CLOSED = {
  state: 'closed',
  epoch: EPOCH + 1,
  failures: 0,
  successes: 0,
  openedAtMs: null,
  openForMs: null,
  lease: null,
  changedAtMs: NOW_MS,
} as const;

const DUE: CircuitRow = { ...OPEN, openedAtMs: NOW_MS - OPEN_MS };
const NEVER_ENDING: CircuitRow = { ...ISOLATED, manual: MANUAL };
const ENDED: CircuitRow = { ...ISOLATED, manual: { ...MANUAL, untilMs: NOW_MS } };
const FREE: CircuitRow = { ...HALF_OPEN, lease: null };
const leaseUntil = (expiresAtMs: number): CircuitRow => ({
  ...HALF_OPEN,
  lease: { token: 'token', expiresAtMs, owner: OTHER },
});
const streak = (failures: number): CircuitRow => ({ ...CLOSED, failures });

const ROWS: readonly Row[] = [
  settled('S1', streak(3), CALL, 'failure', {
    next: 'closed',
    written: { failures: 4, lastFailure: FAILURE },
    result: 'counted',
  }),
  settled('S2', streak(4), CALL, 'failure', {
    next: 'open',
    written: { ...JUST_OPENED, failures: 5, lastFailure: FAILURE },
    result: 'counted',
  }),
  settled('S3', CLOSED, CALL, 'success', { next: 'closed', written: null, result: 'counted' }),
  settled('S4', streak(4), CALL, 'success', { next: 'closed', written: { failures: 0 }, result: 'counted' }),
  settled('S5', streak(4), CALL, 'neutral', { next: 'closed', written: null, result: 'counted' }),
  stale('S6', streak(4), OLD),
  stale('S7', streak(4), PROBE),
  stale('S8', OPEN, CALL),
  stale('S9', OPEN, OLD),
  stale('S10', OPEN, PROBE),
  settled('S11', HALF_OPEN, PROBE, 'success', {
    next: 'half_open',
    written: { successes: 1, lease: null },
    result: 'counted',
  }),
  settled('S12', { ...HALF_OPEN, successes: 1 }, PROBE, 'success', {
    next: 'closed',
    written: JUST_CLOSED,
    result: 'counted',
  }),
  settled('S13', { ...HALF_OPEN, successes: 1 }, PROBE, 'failure', {
    next: 'open',
    written: { ...JUST_OPENED, successes: 0, lease: null, lastFailure: FAILURE },
    result: 'counted',
  }),
  settled('S14', HALF_OPEN, PROBE, 'neutral', { next: 'half_open', written: { lease: null }, result: 'counted' }),
  stale('S15', HALF_OPEN, { ...PROBE, epoch: EPOCH - 1 }),
  stale('S16', HALF_OPEN, { ...PROBE, probeToken: 'other' }),
  stale('S17', HALF_OPEN, CALL),
  stale('S18', FREE, PROBE),
  stale('S19', leaseUntil(NOW_MS), PROBE),
  stale('S20', ISOLATED, CALL),
  stale('S21', ISOLATED, OLD),
  stale('S22', ISOLATED, PROBE),
  admitted('A1', streak(4), { next: 'closed', written: null, result: permitted(EPOCH, null) }),
  admitted('A2', OPEN, { next: 'open', written: null, result: refused('open', OPEN_MS - 1000) }),
  admitted('A3', DUE, {
    next: 'half_open',
    written: { state: 'half_open', epoch: EPOCH + 1, lease: MY_LEASE, changedAtMs: NOW_MS },
    result: permitted(EPOCH + 1, 'new'),
  }),
  admitted(
    'A4',
    { ...OPEN, openedAtMs: NOW_MS + 1 },
    { next: 'open', written: { openedAtMs: NOW_MS }, result: refused('open', OPEN_MS) },
  ),
  admitted('A5', HALF_OPEN, { next: 'half_open', written: null, result: refused('probe_in_progress', 1000) }),
  admitted('A6', FREE, { next: 'half_open', written: { lease: MY_LEASE }, result: permitted(EPOCH, 'new') }),
  admitted(
    'A7',
    HALF_OPEN,
    { next: 'half_open', written: { lease: MY_LEASE }, result: permitted(EPOCH, 'new') },
    false,
  ),
  admitted('A8', leaseUntil(NOW_MS), {
    next: 'half_open',
    written: { lease: MY_LEASE },
    result: permitted(EPOCH, 'new'),
  }),
  admitted('A9', leaseUntil(NOW_MS + LEASE_MS + 1), {
    next: 'half_open',
    written: { lease: { token: 'token', expiresAtMs: NOW_MS + LEASE_MS, owner: OTHER } },
    result: refused('probe_in_progress', LEASE_MS),
  }),
  admitted('A10', ISOLATED, { next: 'isolated', written: null, result: refused('isolated', 1000) }),
  admitted('A11', ENDED, {
    next: 'closed',
    written: { ...JUST_CLOSED, manual: null },
    result: permitted(EPOCH + 1, null),
  }),
  admitted('A12', NEVER_ENDING, { next: 'isolated', written: null, result: refused('isolated', null) }),
  admitted(
    'A13',
    { ...ISOLATED, manual: { ...MANUAL, atMs: NOW_MS + 5000, untilMs: NOW_MS + 6000 } },
    {
      next: 'isolated',
      written: { manual: { ...MANUAL, atMs: NOW_MS, untilMs: NOW_MS + 1000 } },
      result: refused('isolated', 1000),
    },
  ),
  renewed('R1', HALF_OPEN, PROBE, {
    next: 'half_open',
    written: { lease: { token: 'token', expiresAtMs: NOW_MS + LEASE_MS, owner: OTHER } },
    result: true,
  }),
  renewed('R2', HALF_OPEN, { ...PROBE, probeToken: 'other' }, { next: 'half_open', written: null, result: false }),
  renewed('R3', leaseUntil(NOW_MS), PROBE, { next: 'half_open', written: null, result: false }),
  renewed('R4', CLOSED, CALL, { next: 'closed', written: null, result: false }),
  renewed('R5', OPEN, { ...PROBE, epoch: EPOCH - 1 }, { next: 'open', written: null, result: false }),
  byHand('M1', 'closed', { ...JUST_CLOSED, manual: MANUAL }, (row) => reset(row, { ...MOMENT, manual: MANUAL })),
  byHand('M2', 'isolated', { ...JUST_CLOSED, state: 'isolated', manual: MANUAL }, (row) =>
    isolate(row, { ...MOMENT, manual: MANUAL }),
  ),
];

/** What the types exclude and a table therefore cannot hold: it ends loudly, and never as a permit. */
const IMPOSSIBLE = {
  'a state, admitting': () =>
    admit({ ...CLOSED, state: 'ajar' as never }, { ...MOMENT, token: 't', isOwnerAlive: true }),
  'a state, settling': () => settle({ ...CLOSED, state: 'ajar' as never }, settlementOf('success', CALL)),
  'a verdict, closed': () => settle(CLOSED, settlementOf('maybe' as never, CALL)),
  'a verdict, half-open': () => settle(HALF_OPEN, settlementOf('maybe' as never, PROBE)),
} as const;

function settlementOf(verdict: Verdict, permit: Permit) {
  return { ...MOMENT, permit, verdict, failure: null };
}

function renewed(id: string, row: CircuitRow, permit: Permit, expected: Expected): Row {
  return { id, run: () => [[row, renew(row, { permit, nowMs: NOW_MS, settings: SETTINGS })]], expected };
}

function byHand(
  id: string,
  next: CircuitState,
  written: Partial<CircuitRow>,
  step: (row: CircuitRow) => Step<unknown>,
): Row {
  const run: Row['run'] = () => [streak(4), OPEN, HALF_OPEN, ISOLATED].map((row) => [row, step(row)] as const);
  return { id, run, expected: { next, written, result: expect.objectContaining({ to: next, manual: MANUAL }) } };
}

describe('the truth table of the circuit', () => {
  it('has the rows of docs/circuit.md: same ids, same order, same next state', () => {
    const documented = readFileSync(new URL('../../../docs/circuit.md', import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => /^\| [SARM]\d/.test(line))
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .map(([, id, , , , next]) => [id, next?.replace('-', '_')]);
    expect(documented).toEqual(ROWS.map(({ id, expected }) => [id, expected.next]));
  });

  it('admits a probe if the time of opening is unknown', () => {
    const row = { ...OPEN, openedAtMs: null, openForMs: null };
    expect(admit(row, { ...MOMENT, token: 'new', isOwnerAlive: true }).result).toEqual(permitted(EPOCH + 1, 'new'));
  });

  it.each([
    [
      'an open circuit',
      { ...OPEN, lastFailure: FAILURE, manual: MANUAL },
      { reason: 'open', retryAfterMs: 59_000, retryAtMs: NOW_MS + 59_000, manual: null, lastFailure: FAILURE },
    ],
    [
      'a probe in progress',
      { ...HALF_OPEN, lastFailure: FAILURE, manual: MANUAL },
      { reason: 'probe_in_progress', retryAfterMs: 1000, retryAtMs: NOW_MS + 1000, manual: null, lastFailure: FAILURE },
    ],
    [
      'an isolation for a time',
      { ...ISOLATED, lastFailure: FAILURE },
      {
        reason: 'isolated',
        retryAfterMs: 1000,
        retryAtMs: NOW_MS + 1000,
        manual: { ...MANUAL, untilMs: NOW_MS + 1000 },
        lastFailure: null,
      },
    ],
    [
      'an isolation until a reset',
      { ...NEVER_ENDING, lastFailure: FAILURE },
      { reason: 'isolated', retryAfterMs: null, retryAtMs: null, manual: MANUAL, lastFailure: null },
    ],
  ] as const)('gives a refusal its reason, author and end: %s', (_what, row, told) => {
    const refusal = { circuit: 'c', refusedBy: 'c', epoch: EPOCH, ...told };
    const { result } = admit(row, { ...MOMENT, token: 'new', isOwnerAlive: true });
    expect(result).toEqual({ kind: 'refused', refusal });
  });

  it('begins an epoch of the present after a row was lost, so that no earlier permit counts again', () => {
    const before = reset(initialRow('c', SETTINGS), { ...MOMENT, manual: MANUAL }).row;
    const lost = reset(initialRow('c', SETTINGS), { ...MOMENT, nowMs: NOW_MS + 1, manual: MANUAL }).row;
    expect([before.epoch, lost.epoch]).toEqual([NOW_MS, NOW_MS + 1]);
    const back = reset(lost, { ...MOMENT, nowMs: 1, manual: MANUAL }).row;
    expect(back.epoch).toBe(lost.epoch + 1);
  });

  it('isolates for at most ten years', () => {
    expect(LONGEST_ISOLATION_MS).toBe(315_360_000_000);
  });

  it('keeps the last error if a probe fails without one', () => {
    const row = { ...HALF_OPEN, lastFailure: FAILURE };
    expect(settle(row, settlementOf('failure', PROBE)).row).toMatchObject({ state: 'open', lastFailure: FAILURE });
  });

  it.each(Object.entries(IMPOSSIBLE))('has no row for an impossible step: %s', (_what, step) => {
    expect(step).toThrow(/^unexpected value: "(?:ajar|maybe)"$/);
  });

  it.each(ROWS)('$id', ({ run, expected }) => {
    const { next, written, result } = expected;
    for (const [from, step] of run()) {
      expect(step.result).toEqual(result);
      expect(step.row).toEqual({ ...from, ...written });
      // "Nothing written" is told by the very same row; it saves the write transaction.
      expect(step.row === from).toBe(written === null);
      expect(step.row.state).toBe(next);
      const isChange = step.row.epoch !== from.epoch;
      expect(isChange).toBe(from.state !== next || step.transitions.length > 0);
      expect(step.row.epoch).toBe(from.epoch + (isChange ? 1 : 0));
      expect(step.transitions).toEqual(
        isChange
          ? [
              expect.objectContaining({
                circuit: 'c',
                atMs: NOW_MS,
                from: from.state,
                to: next,
                epoch: step.row.epoch,
                process: ME,
              }),
            ]
          : [],
      );
    }
  });
});
