import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CIRCUIT_SETTINGS, type CircuitRow, type ProcessIdentity } from '../../../src/circuit/circuit.ts';
import { matchesCircuit, showCircuit } from '../../../src/circuit/circuit-view.ts';
import { refusalError } from '../../../src/circuit/refusal-error.ts';
import { admit, initialRow } from '../../../src/circuit/state-machine.ts';

const NOW_MS = 1_000_000;
const OWNER: ProcessIdentity = { pid: 2, startTime: '1', bootId: 'b', pidNamespace: 'n', host: 'h', command: 'put' };
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
const isolated = (untilMs: number | null): CircuitRow => ({
  ...CLOSED,
  state: 'isolated',
  manual: { by: 'ops', atMs: 0, reason: null, untilMs },
});

describe('the view of a circuit', () => {
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
    expect(showCircuit(row, NOW_MS)).toEqual({ name: 'c', state, gauge, refusal, retryAfterMs, nextProbeInMs, row });
  });

  it('frees the slot of a dead owner', () => {
    expect(showCircuit(halfOpen(NOW_MS + 500), NOW_MS, () => false)).toMatchObject({ refusal: null, nextProbeInMs: 0 });
  });

  it('is what a call arriving now gets', () => {
    const row = fc.oneof(
      fc.constant(CLOSED),
      fc.integer({ min: NOW_MS - 70_000, max: NOW_MS + 70_000 }).map(open),
      fc.option(fc.integer({ min: NOW_MS - 40_000, max: NOW_MS + 30_000 })).map(halfOpen),
      fc.option(fc.integer({ min: NOW_MS - 1000, max: NOW_MS + 1000 })).map(isolated),
    );
    fc.assert(
      fc.property(row, fc.boolean(), (shown, isOwnerAlive) => {
        const arrival = { nowMs: NOW_MS, settings: DEFAULT_CIRCUIT_SETTINGS, process: OWNER, token: 'n', isOwnerAlive };
        const { result } = admit(shown, arrival);
        const view = showCircuit(shown, NOW_MS, () => isOwnerAlive);
        const expected = result.kind === 'refused' ? result.refusal : { reason: null, retryAfterMs: null };
        expect([view.refusal, view.retryAfterMs]).toEqual([expected.reason, expected.retryAfterMs]);
      }),
    );
  });
});

describe('a name in a command', () => {
  it.each([
    ['s3-upload@eu-west-1', 's3-upload', true],
    ['s3-upload@eu-west-1', 's3-upload@eu-west-1', true],
    ['s3-upload@eu-west-1', 's3-upload@eu-west-2', false],
    ['s3-upload@eu-west-1', 's3-up', false],
    ['s3-upload@eu-west-1', 'eu-west-1', false],
    ['s3-download@eu-west-1', 's3-upload', false],
  ])('%s is meant by %s: %s', (fullName, query, isMeant) => {
    expect(matchesCircuit(fullName, query)).toBe(isMeant);
  });
});

describe('the error of a refusal', () => {
  it.each([
    ['open', 41_001, 'open: S3 failed repeatedly', 'try again in 42 s, or wait for it with --wait 42s'],
    [
      'probe_in_progress',
      1000,
      'half-open: another process is probing whether S3 has recovered',
      'try again in 1 s, or wait for it with --wait 1s',
    ],
    ['isolated', 5, 'isolated: it was opened by hand', 'try again in 1 s, or wait for it with --wait 1s'],
    ['isolated', null, 'isolated: it was opened by hand', 'close it with: breakwater breaker-reset c@x'],
  ] as const)('%s, %s ms', (reason, retryAfterMs, state, hint) => {
    const { code, message, details } = refusalError({ circuit: 'c@x', epoch: 1, reason, retryAfterMs });
    expect([code, message]).toEqual(['circuit_open', `circuit c@x is ${state}`]);
    expect(details).toEqual({ reason, circuit: 'c@x', hint, ...(retryAfterMs === null ? {} : { retryAfterMs }) });
  });
});
