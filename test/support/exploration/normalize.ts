import type { CircuitRow } from '../../../src/circuit/circuit.ts';
import { SETTINGS, type World } from './world.ts';

/** The epoch of every row; permits of older ones differ by `OLD`. */
const EPOCH = 10;
const OLD = 1;
/** A step of the clock forward or back. */
export const JUMP = 3;

/** The same state with now = 0, few epochs and few tokens: what is alike for ever after looks alike. */
export function normalize({ own: stored, bare, now, permits, proofs }: World): World {
  const own = normalizeRow(stored, now);
  const epoch = own === undefined ? 0 : EPOCH;
  return sortTwins({
    own,
    bare: normalizeRow(bare, now),
    now: 0,
    permits: permits.map((permit) => {
      if (permit === null) return null;
      const age = Math.min(OLD, (stored?.epoch ?? 0) - permit.epoch);
      const isLease = permit.probeToken !== null && permit.probeToken === stored?.lease?.token;
      // Its token makes no difference to a permit of an older epoch.
      if (age > 0) return { circuit: permit.circuit, epoch: epoch - OLD, probeToken: null };
      const token = isLease ? 'lease' : 'another';
      return { circuit: permit.circuit, epoch: epoch - age, probeToken: permit.probeToken === null ? null : token };
    }),
    proofs: own?.state === 'half_open' ? proofs : 0,
  });
}

/** The first two processes are alike: which of them does something makes no difference. */
function sortTwins(world: World): World {
  const [first, second] = world.permits.map((permit) => JSON.stringify(permit));
  if (first! >= second!) return world;
  const [one = null, other = null, ...rest] = world.permits;
  const { own } = world;
  const permits = [other, one, ...rest];
  const owner = own?.lease?.owner;
  if (own === undefined || own.lease === null || owner === undefined || owner.pid > 1) return { ...world, permits };
  return { ...world, permits, own: { ...own, lease: { ...own.lease, owner: { ...owner, pid: 1 - owner.pid } } } };
}

/** Whether a stored time is in the future: the clock does not jump back twice in a row, or there would be no end of states. */
export function hasFuture({ own, bare, now }: World): boolean {
  const isAhead = (row: CircuitRow | undefined): boolean =>
    row !== undefined &&
    ((row.state === 'open' && row.openedAtMs! > now) ||
      (row.lease !== null && row.lease.expiresAtMs > now + SETTINGS.probeLeaseMs) ||
      (row.state === 'isolated' && row.manual!.atMs > now));
  return isAhead(own) || isAhead(bare);
}

function normalizeRow(row: CircuitRow | undefined, now: number): CircuitRow | undefined {
  if (row === undefined || (row.state === 'closed' && row.failures === 0)) return undefined;
  const { state, openedAtMs, lease, manual } = row;
  const { untilMs = null } = manual ?? {};
  const until = untilMs === null ? null : since(untilMs, now, 0);
  return {
    ...row,
    epoch: EPOCH,
    failures: state === 'closed' ? row.failures : 0,
    openedAtMs: state === 'open' ? since(openedAtMs!, now, -row.openForMs!) : null,
    openForMs: state === 'open' ? row.openForMs : null,
    lease: lease === null ? null : { ...lease, token: 'lease', expiresAtMs: since(lease.expiresAtMs, now, 0) },
    lastFailure: null,
    changedAtMs: null,
    manual:
      state === 'isolated' && manual !== null
        ? { by: '', reason: null, untilMs: until, atMs: until === null ? 0 : until - (untilMs! - manual.atMs) }
        : null,
  };
}

/** A time relative to now. What is over for longer than the clock can jump back is simply over. */
function since(timeMs: number, now: number, over: number): number {
  return Math.max(timeMs - now, over - JUMP);
}
