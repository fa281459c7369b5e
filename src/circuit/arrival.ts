import { assertNever } from '../errors.ts';
import type { CircuitRow, HostRecord, Lease, ManualChange, Refusal, RefusalReason } from './circuit.ts';
import { addToHost, type FleetMember } from './host-share.ts';

/** The inputs of an arriving call. */
export interface Arriving {
  /** Wall clock, in ms since the Unix epoch. */
  readonly nowMs: number;
  readonly probeLeaseMs: number;
  /** Whether the owner of the row's lease is still alive; true if unknown. */
  readonly isOwnerAlive: boolean;
  /** The caller's place in a fleet; undefined for the circuit of one machine. */
  readonly fleet?: FleetMember | undefined;
}

/** How the circuit treats a call that arrives now; with the row where that has changed. */
export type Reception =
  | { readonly kind: 'admitted'; readonly as: 'call' | 'probe'; readonly row?: CircuitRow }
  | {
      readonly kind: 'refused';
      readonly reason: RefusalReason;
      /** Time until another attempt may be admitted, in ms; null for an isolation without an end. */
      readonly retryAfterMs: number | null;
      /** The row with future times corrected; the same object if there were none. */
      readonly row: CircuitRow;
    };

/**
 * Decides how a row treats a call, for admissions, checks and displays alike. Stored times in the future come from a
 * wrong clock. They count as now; otherwise they would block for as long as the clock was ahead.
 */
export function receive(row: CircuitRow, arriving: Arriving): Reception {
  const { nowMs } = arriving;
  switch (row.state) {
    case 'closed':
      return { kind: 'admitted', as: 'call' };
    case 'open': {
      const openedAtMs = Math.min(row.openedAtMs ?? nowMs, nowMs);
      const restMs = openedAtMs + (row.openForMs ?? 0) - nowMs;
      if (restMs <= 0) return { kind: 'admitted', as: 'probe' };
      return refuse(openedAtMs === row.openedAtMs ? row : { ...row, openedAtMs }, 'open', restMs);
    }
    case 'half_open':
      return receiveHalfOpen(row, arriving);
    case 'isolated': {
      const manual = clampIsolation(row.manual, nowMs);
      const untilMs = manual?.untilMs ?? null;
      if (untilMs !== null && untilMs <= nowMs) return { kind: 'admitted', as: 'call' };
      return refuse(
        manual === row.manual ? row : { ...row, manual },
        'isolated',
        untilMs === null ? null : untilMs - nowMs,
      );
    }
    default:
      return assertNever(row.state);
  }
}

function receiveHalfOpen(found: CircuitRow, arriving: Arriving): Reception {
  const { nowMs, probeLeaseMs, isOwnerAlive, fleet } = arriving;
  const row = fleet === undefined ? found : barHosts(found, { nowMs, fleet });
  const bar = row.hosts?.find(({ host }) => host === fleet?.host);
  const barredMs = bar === undefined ? 0 : bar.atMs + (row.openForMs ?? 0) - nowMs;
  if (barredMs > 0) return refuse(row, 'open', barredMs);
  const { lease } = row;
  if (lease === null || !isOwnerAlive || lease.expiresAtMs <= nowMs)
    return { kind: 'admitted', as: 'probe', ...(row === found ? {} : { row }) };
  const expiresAtMs = Math.min(lease.expiresAtMs, nowMs + probeLeaseMs);
  const seen = expiresAtMs === lease.expiresAtMs ? row : { ...row, lease: { ...lease, expiresAtMs } };
  return refuse(seen, 'probe_in_progress', expiresAtMs - nowMs);
}

/**
 * The half-open row of a fleet with its bars as of now: none from the future, and one for the host whose lease ran out.
 * Without it, a host whose probes hang would take the only slot of all hosts again and again.
 */
function barHosts(row: CircuitRow, { nowMs, fleet }: { nowMs: number; fleet: FleetMember }): CircuitRow {
  const { lease, hosts = [] } = row;
  const isFuture = ({ atMs }: HostRecord): boolean => atMs > nowMs;
  const known = hosts.some(isFuture) ? hosts.map((each) => (isFuture(each) ? { ...each, atMs: nowMs } : each)) : hosts;
  if (fleet.quorum > 1 && lease !== null && lease.expiresAtMs <= nowMs)
    return { ...row, lease: null, hosts: addToHost(known, lapseOf(lease)) };
  return known === hosts ? row : { ...row, hosts: known };
}

function lapseOf({ owner, expiresAtMs }: Lease): HostRecord {
  return { host: owner.host, failures: 0, atMs: expiresAtMs };
}

/** Returns the longer of two isolations. An isolation of all scopes takes precedence over an open circuit. */
export function laterIsolation<T extends Pick<Refusal, 'reason' | 'retryAfterMs'>>(hold: T, own: T | null): T {
  const isLater = (own?.retryAfterMs ?? Infinity) > (hold.retryAfterMs ?? Infinity);
  return own?.reason === 'isolated' && isLater ? own : hold;
}

/** An isolation that starts in the future starts now and keeps its length. */
function clampIsolation(manual: ManualChange | null, nowMs: number): ManualChange | null {
  if (manual === null || manual.untilMs === null || manual.atMs <= nowMs) return manual;
  return { ...manual, atMs: nowMs, untilMs: nowMs + manual.untilMs - manual.atMs };
}

function refuse(row: CircuitRow, reason: RefusalReason, retryAfterMs: number | null): Reception {
  return { kind: 'refused', reason, retryAfterMs, row };
}
