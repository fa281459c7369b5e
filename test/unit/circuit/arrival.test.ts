import { describe, expect, it } from 'vitest';
import { receive } from '../../../src/circuit/arrival.ts';
import { DEFAULT_CIRCUIT_SETTINGS, type CircuitRow } from '../../../src/circuit/circuit.ts';
import { initialRow } from '../../../src/circuit/state-machine.ts';

const NOW_MS = 1_000_000;
const CLOSED = initialRow('c', DEFAULT_CIRCUIT_SETTINGS);
const OPEN: CircuitRow = { ...CLOSED, state: 'open', openedAtMs: NOW_MS - 1000, openForMs: 60_000 };
const HALF_OPEN: CircuitRow = { ...OPEN, state: 'half_open' };
const OWNER = { pid: 2, startTime: '1', bootId: 'b', pidNamespace: 'n', host: 'h', command: 'put' };
const leased = (expiresAtMs: number): CircuitRow => ({
  ...HALF_OPEN,
  lease: { token: 't', expiresAtMs, owner: OWNER },
});
const isolated = (atMs: number, untilMs: number | null): CircuitRow => ({
  ...CLOSED,
  state: 'isolated',
  manual: { by: 'ops', reason: null, atMs, untilMs },
});

const CALL = { kind: 'admitted', as: 'call' };
const PROBE = { kind: 'admitted', as: 'probe' };

describe('a call that arrives', () => {
  it.each([
    ['closed', CLOSED, CALL],
    ['open, due', { ...OPEN, openForMs: 1000 }, PROBE],
    ['half-open, free', HALF_OPEN, PROBE],
    ['half-open, the lease just over', leased(NOW_MS), PROBE],
    ['isolated, the time just over', isolated(0, NOW_MS), CALL],
  ] as const)('is admitted: %s', (_what, row, reception) => {
    expect(receive(row, { nowMs: NOW_MS, probeLeaseMs: 30_000, isOwnerAlive: true })).toEqual(reception);
  });

  it('is admitted as a probe if the owner of the lease is dead', () => {
    const arriving = { nowMs: NOW_MS, probeLeaseMs: 30_000, isOwnerAlive: false };
    expect(receive(leased(NOW_MS + 1), arriving)).toEqual(PROBE);
  });

  it.each([
    ['open', OPEN, 'open', 59_000, {}],
    ['open, opened in the future', { ...OPEN, openedAtMs: NOW_MS + 1 }, 'open', 60_000, { openedAtMs: NOW_MS }],
    ['half-open, probing', leased(NOW_MS + 1), 'probe_in_progress', 1, {}],
    ['half-open, leased too long', leased(NOW_MS + 30_001), 'probe_in_progress', 30_000, leased(NOW_MS + 30_000)],
    ['isolated', isolated(NOW_MS, NOW_MS + 1), 'isolated', 1, {}],
    ['isolated in the future', isolated(NOW_MS + 5, NOW_MS + 7), 'isolated', 2, isolated(NOW_MS, NOW_MS + 2)],
    ['isolated in the future, without an end', isolated(NOW_MS + 5, null), 'isolated', null, {}],
    ['isolated, author unknown', { ...CLOSED, state: 'isolated' }, 'isolated', null, {}],
  ] as const)('is refused: %s', (_what, row, reason, retryAfterMs, corrected) => {
    const reception = receive(row, { nowMs: NOW_MS, probeLeaseMs: 30_000, isOwnerAlive: true });
    expect(reception).toEqual({ kind: 'refused', reason, retryAfterMs, row: { ...row, ...corrected } });
    // The same object if nothing was corrected: it saves the write.
    expect('row' in reception && reception.row === row).toBe(Object.keys(corrected).length === 0);
  });
});
