import { assertNever } from '../errors.ts';
import type { CircuitRow, ManualChange, Refusal, RefusalReason } from './circuit.ts';

/** The inputs of an arriving call. */
export interface Arriving {
  /** Wall clock, in ms since the Unix epoch. */
  readonly nowMs: number;
  readonly probeLeaseMs: number;
  /** Whether the owner of the row's lease is still alive; true if unknown. */
  readonly isOwnerAlive: boolean;
}

/** How the circuit treats a call that arrives now. */
export type Reception =
  | { readonly kind: 'admitted'; readonly as: 'call' | 'probe' }
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
export function receive(row: CircuitRow, { nowMs, probeLeaseMs, isOwnerAlive }: Arriving): Reception {
  switch (row.state) {
    case 'closed':
      return { kind: 'admitted', as: 'call' };
    case 'open': {
      const openedAtMs = Math.min(row.openedAtMs ?? nowMs, nowMs);
      const restMs = openedAtMs + (row.openForMs ?? 0) - nowMs;
      if (restMs <= 0) return { kind: 'admitted', as: 'probe' };
      return refuse(openedAtMs === row.openedAtMs ? row : { ...row, openedAtMs }, 'open', restMs);
    }
    case 'half_open': {
      const { lease } = row;
      if (lease === null || !isOwnerAlive || lease.expiresAtMs <= nowMs) return { kind: 'admitted', as: 'probe' };
      const expiresAtMs = Math.min(lease.expiresAtMs, nowMs + probeLeaseMs);
      const seen = expiresAtMs === lease.expiresAtMs ? row : { ...row, lease: { ...lease, expiresAtMs } };
      return refuse(seen, 'probe_in_progress', expiresAtMs - nowMs);
    }
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
