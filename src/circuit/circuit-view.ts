import { assertNever } from '../errors.ts';
import type { CircuitRow, CircuitState, ProcessIdentity, RefusalReason } from './circuit.ts';

/** A circuit as a call arriving now would find it. Plain data for status, JSON, metrics and screen. */
export interface CircuitView {
  /** Full name, scope included. */
  readonly name: string;
  /** Open with its wait over shows as `half_open`, an isolation past its end as `closed`. */
  readonly state: CircuitState;
  /** The metric's value: 0 closed, 1 half-open, 2 open or isolated. */
  readonly gauge: 0 | 1 | 2;
  /** Why a call arriving now would be refused; null if it would be admitted. */
  readonly refusal: RefusalReason | null;
  /** Time until a call may be admitted, in ms; null if one would be now, or for an isolation without an end. */
  readonly retryAfterMs: number | null;
  /** Time until a call may be admitted as a probe, in ms, 0 when due; null for a closed or isolated circuit. */
  readonly nextProbeInMs: number | null;
  /** What is stored. */
  readonly row: CircuitRow;
}

/**
 * The circuit as a call arriving now would find it. Changes nothing; the clock rules are those of `admit`.
 * @param isOwnerAlive whether a probe's owner is alive; by default true
 */
export function showCircuit(
  row: CircuitRow,
  nowMs: number,
  isOwnerAlive: (owner: ProcessIdentity) => boolean = () => true,
): CircuitView {
  switch (row.state) {
    case 'closed':
      return show(row, 'closed', null);
    case 'open': {
      const restMs = Math.min(row.openedAtMs ?? nowMs, nowMs) + (row.openForMs ?? 0) - nowMs;
      return restMs > 0 ? show(row, 'open', 'open', restMs) : show(row, 'half_open', null);
    }
    case 'half_open': {
      const restMs = row.lease !== null && isOwnerAlive(row.lease.owner) ? row.lease.expiresAtMs - nowMs : 0;
      return restMs > 0 ? show(row, 'half_open', 'probe_in_progress', restMs) : show(row, 'half_open', null);
    }
    case 'isolated': {
      const untilMs = row.manual?.untilMs ?? null;
      if (untilMs === null) return show(row, 'isolated', 'isolated');
      return untilMs > nowMs ? show(row, 'isolated', 'isolated', untilMs - nowMs) : show(row, 'closed', null);
    }
    default:
      return assertNever(row.state);
  }
}

/** Whether a name in a command means this circuit: the full name, or the bare name for every scope. */
export function matchesCircuit(fullName: string, query: string): boolean {
  return fullName === query || fullName.startsWith(`${query}@`);
}

const GAUGES = { closed: 0, half_open: 1, open: 2, isolated: 2 } as const;

function show(
  row: CircuitRow,
  state: CircuitState,
  refusal: RefusalReason | null,
  retryAfterMs: number | null = null,
): CircuitView {
  const canProbe = state === 'open' || state === 'half_open';
  return {
    name: row.name,
    state,
    gauge: GAUGES[state],
    refusal,
    retryAfterMs,
    nextProbeInMs: canProbe ? (retryAfterMs ?? 0) : null,
    row,
  };
}
