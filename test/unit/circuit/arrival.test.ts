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

describe('a call of a host of a fleet that arrives in half-open', () => {
  const fleet = { host: 'me', quorum: 2 };
  const arriving = { nowMs: NOW_MS, probeLeaseMs: 30_000, isOwnerAlive: true, fleet };
  const bar = (host: string, atMs: number) => ({ host, failures: 1, atMs });
  const lapsed = { host: OWNER.host, failures: 0, atMs: NOW_MS };

  it.each([
    ['nobody is barred', { ...HALF_OPEN, hosts: [] }],
    ['the row has no hosts', HALF_OPEN],
    ['another host is barred', { ...HALF_OPEN, hosts: [bar('h', NOW_MS)] }],
    ['its bar has just ended', { ...HALF_OPEN, hosts: [bar('me', NOW_MS - 60_000)] }],
  ])('is admitted on the same row: %s', (_what, row) => {
    expect(receive(row, arriving)).toEqual(PROBE);
  });

  it.each([
    ['no hosts before', leased(NOW_MS), [lapsed]],
    ['another bar before', { ...leased(NOW_MS), hosts: [bar('z', NOW_MS)] }, [bar('z', NOW_MS), lapsed]],
  ])('is admitted with a bar for the host whose lease is just over: %s', (_what, row, hosts) => {
    expect(receive(row, arriving)).toEqual({ ...PROBE, row: { ...row, lease: null, hosts } });
  });

  it('finds no bar for a lapsed lease if one host is enough', () => {
    expect(receive(leased(NOW_MS), { ...arriving, fleet: { ...fleet, quorum: 1 } })).toEqual(PROBE);
  });

  it.each([
    ['another host probes', { ...leased(NOW_MS + 1), hosts: [bar('h', NOW_MS)] }, 'probe_in_progress', 1],
    ['another host probes, and the row has no hosts', leased(NOW_MS + 1), 'probe_in_progress', 1],
    ['it is barred from now on', { ...HALF_OPEN, hosts: [bar('me', NOW_MS)] }, 'open', 60_000],
    ['its bar has 1 ms left', { ...HALF_OPEN, hosts: [bar('me', NOW_MS - 59_999)] }, 'open', 1],
  ] as const)('is refused on the very same row, which saves a write: %s', (_what, row, reason, retryAfterMs) => {
    const reception = receive(row, arriving);
    expect(reception).toEqual({ kind: 'refused', reason, retryAfterMs, row });
    expect('row' in reception && reception.row === row).toBe(true);
  });

  it('is admitted with the bars that are in the future corrected, and only those', () => {
    const row = { ...HALF_OPEN, hosts: [bar('y', NOW_MS - 5), bar('z', NOW_MS + 5)] };
    const hosts = [bar('y', NOW_MS - 5), bar('z', NOW_MS)];
    expect(receive(row, arriving)).toEqual({ ...PROBE, row: { ...row, hosts } });
  });

  it('is barred by nothing if it is the call of no fleet', () => {
    const row = { ...HALF_OPEN, hosts: [bar('me', NOW_MS)] };
    expect(receive(row, { ...arriving, fleet: undefined })).toEqual(PROBE);
  });
});
