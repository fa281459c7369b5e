import { laterIsolation, receive, type Arriving, type Reception } from './arrival.ts';
import type { CircuitRow, CircuitState, ManualChange, ProcessIdentity, RefusalReason } from './circuit.ts';

/** A circuit as a call arriving now would find it. Plain data for status, JSON, metrics and screen. */
export interface CircuitView {
  /** Full name, scope included. */
  readonly name: string;
  /** An open circuit whose wait is over shows as `half_open`, an expired isolation as `closed`. */
  readonly state: CircuitState;
  /** The metric's value: 0 closed, 1 half-open, 2 open or isolated. */
  readonly gauge: 0 | 1 | 2;
  /** Why a call arriving now would be refused; null if it would be admitted. */
  readonly refusal: RefusalReason | null;
  /** Time until a call may be admitted, in ms; null if that is now, or for an isolation without an end. */
  readonly retryAfterMs: number | null;
  /** Time until a call may be admitted as a probe, in ms, 0 when due; null for a closed or isolated circuit. */
  readonly nextProbeInMs: number | null;
  /** The isolation that blocks it; null if there is none. */
  readonly isolation: Isolation | null;
  /** The stored row, with future times corrected. */
  readonly row: CircuitRow;
}

export interface Isolation extends ManualChange {
  /** The isolated name: this circuit, or the bare name for all scopes. */
  readonly of: string;
  /** The epoch that the isolation started. */
  readonly epoch: number;
}

export interface Viewing extends Pick<Arriving, 'nowMs' | 'probeLeaseMs' | 'fleet'> {
  /** Whether a probe's owner is alive. @default true */
  readonly isOwnerAlive?: (owner: ProcessIdentity) => boolean;
  /** The row of the bare name, which may isolate all scopes. */
  readonly bareRow?: CircuitRow | undefined;
}

type Refused = Extract<Reception, { readonly kind: 'refused' }>;

/** Shows a circuit as a call arriving now would find it. Changes nothing and uses the rules of an admission. */
export function showCircuit(row: CircuitRow, { bareRow, ...viewing }: Viewing): CircuitView {
  const own = arrive(row, viewing);
  const hold = bareRow?.state === 'isolated' ? arrive(bareRow, viewing) : null;
  if (own.kind === 'refused') {
    const refused = hold?.kind === 'refused' ? laterIsolation(hold, own) : own;
    return show(own.row, refused.row.state, refused);
  }
  if (hold?.kind === 'refused') return show(row, 'isolated', hold);
  return show(row, own.as === 'probe' ? 'half_open' : 'closed', null);
}

function arrive(row: CircuitRow, { nowMs, probeLeaseMs, fleet, isOwnerAlive = () => true }: Viewing): Reception {
  return receive(row, {
    nowMs,
    probeLeaseMs,
    fleet,
    isOwnerAlive: row.lease === null || isOwnerAlive(row.lease.owner),
  });
}

const GAUGES = { closed: 0, half_open: 1, open: 2, isolated: 2 } as const;

function show(row: CircuitRow, state: CircuitState, refused: Refused | null): CircuitView {
  const retryAfterMs = refused?.retryAfterMs ?? null;
  const canProbe = state === 'open' || state === 'half_open';
  return {
    name: row.name,
    state,
    gauge: GAUGES[state],
    refusal: refused?.reason ?? null,
    retryAfterMs,
    nextProbeInMs: canProbe ? (retryAfterMs ?? 0) : null,
    isolation: refused?.reason === 'isolated' ? toIsolation(refused.row) : null,
    row,
  };
}

function toIsolation({ name, epoch, manual }: CircuitRow): Isolation | null {
  return manual === null ? null : { ...manual, of: name, epoch };
}
