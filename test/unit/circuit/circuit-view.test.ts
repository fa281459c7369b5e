import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CIRCUIT_SETTINGS, type CircuitRow, type ProcessIdentity } from '../../../src/circuit/circuit.ts';
import { showCircuit } from '../../../src/circuit/circuit-view.ts';
import { refusalError } from '../../../src/circuit/refusal-error.ts';
import { admit, initialRow } from '../../../src/circuit/state-machine.ts';
import { refusalOf } from '../../support/fake-circuits.ts';

const NOW_MS = 1_000_000;
const OWNER: ProcessIdentity = { pid: 2, startTime: '1', bootId: 'b', pidNamespace: 'n', host: 'h', command: 'put' };
const VIEWING = { nowMs: NOW_MS, probeLeaseMs: DEFAULT_CIRCUIT_SETTINGS.probeLeaseMs };
const CLOSED = initialRow('c', DEFAULT_CIRCUIT_SETTINGS);
const open = (openedAtMs: number): CircuitRow => ({
  ...CLOSED,
  state: 'open',
  epoch: 1,
  openedAtMs,
  openForMs: 60_000,
});
const halfOpen = (expiresAtMs: number | null): CircuitRow => ({
  ...open(0),
  state: 'half_open',
  lease: expiresAtMs === null ? null : { token: 't', expiresAtMs, owner: OWNER },
});
const MANUAL = { by: 'ops', atMs: 0, reason: null };
const isolated = (untilMs: number | null): CircuitRow => ({
  ...CLOSED,
  state: 'isolated',
  manual: { ...MANUAL, untilMs },
});

describe('what is shown of a circuit', () => {
  it.each([
    ['closed', CLOSED, 'closed', 0, null, null, null],
    ['open', open(NOW_MS - 1000), 'open', 2, 'open', 59_000, 59_000],
    ['open, 1 ms before it is due', open(NOW_MS - 59_999), 'open', 2, 'open', 1, 1],
    ['open, due', open(NOW_MS - 60_000), 'half_open', 1, null, null, 0],
    ['open, opened in the future', open(NOW_MS + 5000), 'open', 2, 'open', 60_000, 60_000],
    ['half-open, probing', halfOpen(NOW_MS + 500), 'half_open', 1, 'probe_in_progress', 500, 500],
    ['half-open, free', halfOpen(null), 'half_open', 1, null, null, 0],
    ['half-open, the lease just over', halfOpen(NOW_MS), 'half_open', 1, null, null, 0],
    ['isolated for a time', isolated(NOW_MS + 500), 'isolated', 2, 'isolated', 500, null],
    ['isolated until a reset', isolated(null), 'isolated', 2, 'isolated', null, null],
    ['isolated, the time just over', isolated(NOW_MS), 'closed', 0, null, null, null],
  ] as const)('%s', (_what, row, state, gauge, refusal, retryAfterMs, nextProbeInMs) => {
    const isolation = state === 'isolated' ? { ...row.manual!, of: 'c', epoch: row.epoch } : null;
    const { row: seen, ...view } = showCircuit(row, VIEWING);
    expect(view).toEqual({ name: 'c', state, gauge, refusal, retryAfterMs, nextProbeInMs, isolation });
    const arrival = {
      nowMs: NOW_MS,
      settings: DEFAULT_CIRCUIT_SETTINGS,
      process: OWNER,
      token: 'n',
      isOwnerAlive: true,
    };
    expect(seen).toEqual(refusal === null ? row : admit(row, arrival).row);
  });

  it.each([
    ['opened', open(NOW_MS + 5000), 60_000],
    ['leased', halfOpen(NOW_MS + 90_000), 30_000],
    ['isolated', { ...isolated(null), manual: { ...MANUAL, atMs: NOW_MS + 5000, untilMs: NOW_MS + 5500 } }, 500],
  ])('counts from now what was %s in the future, as an admission does', (_what, row, retryAfterMs) => {
    expect(showCircuit(row, VIEWING).retryAfterMs).toBe(retryAfterMs);
  });

  it.each([
    ['a healthy scope', CLOSED, 500, 'isolated', 500, 'bare'],
    ['an open scope', open(NOW_MS), 500, 'isolated', 500, 'bare'],
    ['a scope that is isolated for longer', isolated(NOW_MS + 900), 500, 'isolated', 900, 'c'],
    ['a scope that is isolated for less time', isolated(NOW_MS + 100), 500, 'isolated', 500, 'bare'],
    ['a scope that is isolated until a reset', isolated(null), 500, 'isolated', null, 'c'],
    ['a scope that is isolated until the same time', isolated(NOW_MS + 500), 500, 'isolated', 500, 'bare'],
    ['an open scope, when it is over', open(NOW_MS), 0, 'open', 60_000, undefined],
    ['a healthy scope, when it is over', CLOSED, 0, 'closed', null, undefined],
  ] as const)('shows an isolation of every scope: %s', (_what, row, forMs, state, retryAfterMs, of) => {
    const bareRow = { ...isolated(NOW_MS + forMs), name: 'bare', epoch: 7 };
    const view = showCircuit(row, { ...VIEWING, bareRow });
    expect([view.name, view.state, view.retryAfterMs, view.isolation?.of]).toEqual(['c', state, retryAfterMs, of]);
    expect(view.row.state).toBe(row.state);
  });

  it('shows no isolation if its author is unknown', () => {
    const view = showCircuit({ ...CLOSED, state: 'isolated' }, VIEWING);
    expect(view).toMatchObject({ state: 'isolated', refusal: 'isolated', isolation: null });
  });

  it('frees the slot of a dead owner', () => {
    expect(showCircuit(halfOpen(NOW_MS + 500), { ...VIEWING, isOwnerAlive: () => false })).toMatchObject({
      refusal: null,
      nextProbeInMs: 0,
    });
  });

  it('is what a call arriving now gets', () => {
    const row = fc.oneof(
      fc.constant(CLOSED),
      fc.integer({ min: NOW_MS - 70_000, max: NOW_MS + 70_000 }).map(open),
      fc.option(fc.integer({ min: NOW_MS - 40_000, max: NOW_MS + 60_000 })).map(halfOpen),
      fc.option(fc.integer({ min: NOW_MS - 1000, max: NOW_MS + 1000 })).map(isolated),
    );
    fc.assert(
      fc.property(row, fc.boolean(), (shown, isOwnerAlive) => {
        const arrival = { nowMs: NOW_MS, settings: DEFAULT_CIRCUIT_SETTINGS, process: OWNER, token: 'n', isOwnerAlive };
        const { result } = admit(shown, arrival);
        const view = showCircuit(shown, { ...VIEWING, isOwnerAlive: () => isOwnerAlive });
        const expected = result.kind === 'refused' ? result.refusal : { reason: null, retryAfterMs: null };
        expect([view.refusal, view.retryAfterMs]).toEqual([expected.reason, expected.retryAfterMs]);
      }),
    );
  });
});

describe('the error of a refusal', () => {
  const lastFailure = { atMs: 0, code: 'SlowDown', message: '', httpStatus: 503, requestId: null, process: OWNER };
  const manual = { by: 'ops', atMs: 0, reason: 'maintenance', untilMs: 5 };

  it.each([
    [
      'open',
      { reason: 'open', retryAfterMs: 41_001, retryAtMs: 41_001, lastFailure },
      'open: S3 failed repeatedly, last with SlowDown (HTTP 503); next probe at 1970-01-01T00:00:41.001Z',
      'try again in 42 s, or wait for it with --wait 42s',
      { lastFailure },
    ],
    [
      'open, without a known failure',
      { reason: 'open', retryAfterMs: 1, retryAtMs: 1 },
      'open: S3 failed repeatedly; next probe at 1970-01-01T00:00:00.001Z',
      'try again in 1 s, or wait for it with --wait 1s',
      {},
    ],
    [
      'open, by a failure without a response',
      { reason: 'open', retryAfterMs: 1, retryAtMs: 1, lastFailure: { ...lastFailure, httpStatus: null } },
      'open: S3 failed repeatedly, last with SlowDown; next probe at 1970-01-01T00:00:00.001Z',
      'try again in 1 s, or wait for it with --wait 1s',
      { lastFailure: { ...lastFailure, httpStatus: null } },
    ],
    [
      'open, with the next probe at an unknown time',
      { reason: 'open', retryAfterMs: null, retryAtMs: null },
      'open: S3 failed repeatedly; next probe now',
      'close it with: breakwater breaker-reset c@x',
      {},
    ],
    [
      'a probe',
      { reason: 'probe_in_progress', retryAfterMs: 1000, retryAtMs: 1000 },
      'half-open: another process is probing whether S3 has recovered',
      'try again in 1 s, or wait for it with --wait 1s',
      {},
    ],
    [
      'isolated for a time',
      { reason: 'isolated', retryAfterMs: 5, retryAtMs: 5, manual },
      'isolated by ops until 1970-01-01T00:00:00.005Z: maintenance',
      'try again in 1 s, or wait for it with --wait 1s',
      { isolation: { ...manual, of: 'c@x' } },
    ],
    [
      'isolated, author unknown',
      { reason: 'isolated', retryAfterMs: null, retryAtMs: null },
      'isolated until a reset',
      'close it with: breakwater breaker-reset c@x',
      {},
    ],
    [
      'isolated in every scope, until a reset',
      { reason: 'isolated', refusedBy: 'c', retryAfterMs: null, retryAtMs: null, manual: { ...manual, reason: null } },
      'isolated, as every scope of c, by ops until a reset',
      'close it with: breakwater breaker-reset c',
      { isolation: { ...manual, reason: null, of: 'c' } },
    ],
  ] as const)('%s', (_what, different, why, hint, more) => {
    const refusal = refusalOf({ circuit: 'c@x', refusedBy: 'c@x', ...different });
    const { code, message, details } = refusalError(refusal);
    expect([code, message]).toEqual(['circuit_open', `circuit c@x is ${why}`]);
    const { reason, retryAfterMs, retryAtMs } = refusal;
    const times = retryAfterMs === null ? {} : { retryAfterMs, retryAtMs };
    expect(details).toEqual({ reason, circuit: 'c@x', hint, ...times, ...more });
  });

  it('names the circuit of a fleet, and how to close it for all of its hosts', () => {
    const endless = { reason: 'isolated', retryAfterMs: null, retryAtMs: null } as const;
    const refusal = refusalOf({ circuit: 'fleet/c@x', refusedBy: 'fleet/c@x', ...endless });
    expect(refusalError(refusal)).toMatchObject({
      message: 'circuit fleet/c@x is isolated until a reset',
      details: { circuit: 'fleet/c@x', hint: 'close it with: breakwater breaker-reset --fleet c@x' },
    });
  });
});
