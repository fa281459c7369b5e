import type {
  CircuitRow,
  CircuitSettings,
  FailureCause,
  ManualChange,
  Permit,
  Refusal,
  Transition,
  Verdict,
  Admission,
} from './circuit.ts';
import { assertNever } from '../errors.ts';
import { receive, type Reception } from './arrival.ts';
import { addToHost, countShares, findShare, keepRecent, type FleetMember } from './host-share.ts';
import { changeState, type StateChange, type Moment, type Step } from './change-state.ts';

/** The initial row of a circuit: closed, in epoch 0. */
export function initialRow(name: string, settings: CircuitSettings): CircuitRow {
  return {
    name,
    state: 'closed',
    epoch: 0,
    failures: 0,
    successes: 0,
    openedAtMs: null,
    openForMs: null,
    failureThreshold: settings.failureThreshold,
    successThreshold: settings.successThreshold,
    lease: null,
    lastFailure: null,
    manual: null,
    changedAtMs: null,
  };
}

type Refused = Extract<Reception, { readonly kind: 'refused' }>;

export interface Arrival extends Moment {
  /** The token to use if this call becomes a probe; unguessable and never reused. */
  readonly token: string;
  /** Whether the owner of the row's lease is still alive; true if unknown. */
  readonly isOwnerAlive: boolean;
}

/** Admits or refuses a call. In half-open, an admitted call takes the probe slot. */
export function admit(row: CircuitRow, arrival: Arrival): Step<Admission> {
  const { nowMs, settings, isOwnerAlive, fleet } = arrival;
  const reception = receive(row, { nowMs, probeLeaseMs: settings.probeLeaseMs, isOwnerAlive, fleet });
  if (reception.kind === 'refused')
    return keep(reception.row, { kind: 'refused', refusal: toRefusal(reception, nowMs) });
  if (reception.as === 'probe') {
    if (row.state === 'half_open') return startProbe(reception.row ?? row, [], arrival);
    const entered = changeState(row, { to: 'half_open', why: 'probe_due' }, arrival);
    return startProbe(entered.row, entered.transitions, arrival);
  }
  if (row.state === 'closed') return permitCall(row, []);
  const ended = changeState(row, { to: 'closed', why: 'isolation_ended' }, arrival);
  return permitCall(ended.row, ended.transitions);
}

export interface Settlement extends Moment {
  readonly permit: Permit;
  readonly verdict: Verdict;
  /** The cause of a failure; null if unknown. */
  readonly failure: FailureCause | null;
}

/** Applies one verdict. A stale verdict changes nothing and returns `stale`. */
export function settle(row: CircuitRow, settlement: Settlement): Step<'counted' | 'stale'> {
  const { permit, verdict, nowMs } = settlement;
  if (!isCurrent(row, { permit, nowMs })) return keep(row, 'stale');
  if (row.state === 'half_open') return settleProbe(row, settlement);
  switch (verdict) {
    case 'success':
      return keep(row.failures === 0 ? row : { ...row, failures: 0, ...hostsOf(row, []) }, 'counted');
    case 'neutral':
      return keep(row, 'counted');
    case 'failure': {
      const { settings, failure, fleet } = settlement;
      const hosts = fleet && addToHost(row.hosts, { host: fleet.host, failures: 1, atMs: nowMs });
      const failed = {
        ...row,
        failures: row.failures + 1,
        failureThreshold: settings.failureThreshold,
        successThreshold: settings.successThreshold,
        lastFailure: failure ?? row.lastFailure,
        ...(hosts && { hosts }),
      };
      if (countFailures(failed, settlement) < settings.failureThreshold) return keep(failed, 'counted');
      return changeByVerdict(failed, { to: 'open', why: 'threshold_reached', cause: failure }, settlement);
    }
    default:
      return assertNever(verdict);
  }
}

/**
 * Whether a result under this permit would count: same epoch and, for a probe, the token of an unexpired lease. A
 * process that was stopped for longer than its lease has an outdated result, even if no other process took the slot.
 */
export function isCurrent(row: CircuitRow, { permit, nowMs }: Pick<Settlement, 'permit' | 'nowMs'>): boolean {
  if (row.epoch !== permit.epoch) return false;
  switch (row.state) {
    case 'closed':
      return permit.probeToken === null;
    case 'half_open':
      return row.lease !== null && row.lease.token === permit.probeToken && row.lease.expiresAtMs > nowMs;
    case 'open':
    case 'isolated':
      // No permit is issued in this state, so none can have this epoch.
      return false;
    default:
      return assertNever(row.state);
  }
}

/**
 * Extends a probe's lease to now + lease. False, without a change, if it has expired or belongs to another. In a fleet,
 * renewals end `openForMs` after it was taken: a probe that hangs must not hold the only slot of all hosts for longer.
 */
export function renew(
  row: CircuitRow,
  { permit, nowMs, settings }: Pick<Settlement, 'permit' | 'nowMs' | 'settings'>,
): Step<boolean> {
  const { lease } = row;
  if (lease === null || !isCurrent(row, { permit, nowMs })) return keep(row, false);
  const takenAtMs = Math.min(lease.takenAtMs ?? Infinity, nowMs);
  const endAtMs = lease.takenAtMs === undefined ? Infinity : takenAtMs + (row.openForMs ?? settings.openForMs);
  const expiresAtMs = Math.min(nowMs + settings.probeLeaseMs, Math.max(endAtMs, lease.expiresAtMs));
  return keep(expiresAtMs === lease.expiresAtMs ? row : { ...row, lease: { ...lease, expiresAtMs } }, true);
}

/** Closes manually from any state. All results in flight become stale. */
export function reset(row: CircuitRow, moment: Moment & { readonly manual: ManualChange }): Step<Transition> {
  return changeState(row, { to: 'closed', why: 'reset', manual: moment.manual }, moment);
}

/** Isolates manually until `manual.untilMs` or a reset. All results in flight become stale. */
export function isolate(row: CircuitRow, moment: Moment & { readonly manual: ManualChange }): Step<Transition> {
  return changeState(row, { to: 'isolated', why: 'isolated', manual: moment.manual }, moment);
}

function settleProbe(row: CircuitRow, settlement: Settlement): Step<'counted' | 'stale'> {
  const { verdict, failure, settings } = settlement;
  const freed = { ...row, lease: null };
  switch (verdict) {
    case 'success': {
      const proved = { ...freed, successes: row.successes + 1, successThreshold: settings.successThreshold };
      if (proved.successes < settings.successThreshold) return keep(proved, 'counted');
      return changeByVerdict(proved, { to: 'closed', why: 'probes_succeeded' }, settlement);
    }
    case 'neutral':
      return keep(freed, 'counted');
    case 'failure': {
      const failed = failProbe({ ...freed, lastFailure: failure ?? row.lastFailure }, settlement);
      if (!isQuorumReached(failed, settlement)) return keep({ ...failed, successes: 0 }, 'counted');
      return changeByVerdict(failed, { to: 'open', why: 'probe_failed', cause: failure }, settlement);
    }
    default:
      return assertNever(verdict);
  }
}

/** The failures that count: in a fleet, of each host at most its share. */
function countFailures({ failures, hosts = [] }: CircuitRow, { settings, fleet }: Settlement): number {
  return fleet === undefined ? failures : countShares(hosts, findShare(settings.failureThreshold, fleet.quorum));
}

/**
 * A failed probe of a fleet speaks for its host. Otherwise a bad host that probes first each time would keep everybody
 * out.
 */
function failProbe(row: CircuitRow, { nowMs, settings, fleet }: Settlement): CircuitRow {
  if (fleet === undefined) return row;
  const recent = keepRecent(row.hosts, { nowMs, openForMs: row.openForMs ?? settings.openForMs });
  return { ...row, hosts: addToHost(recent, { host: fleet.host, failures: 1, atMs: nowMs }) };
}

/** Whether so many hosts have failed that the circuit opens again. */
function isQuorumReached({ hosts = [] }: CircuitRow, { fleet }: { readonly fleet?: FleetMember | undefined }): boolean {
  return fleet === undefined || hosts.filter(({ failures }) => failures > 0).length >= fleet.quorum;
}

function hostsOf({ hosts }: CircuitRow, next: NonNullable<CircuitRow['hosts']>): Pick<CircuitRow, 'hosts'> {
  return hosts === undefined ? {} : { hosts: next };
}

function startProbe(row: CircuitRow, transitions: readonly Transition[], arrival: Arrival): Step<Admission> {
  const { nowMs, settings, process, token, fleet } = arrival;
  const taken = fleet === undefined ? {} : { takenAtMs: nowMs };
  const lease = { token, expiresAtMs: nowMs + settings.probeLeaseMs, owner: process, ...taken };
  const permit = { circuit: row.name, epoch: row.epoch, probeToken: token };
  return { row: { ...row, lease }, transitions, result: { kind: 'admitted', permit } };
}

function permitCall(row: CircuitRow, transitions: readonly Transition[]): Step<Admission> {
  const permit = { circuit: row.name, epoch: row.epoch, probeToken: null };
  return { row, transitions, result: { kind: 'admitted', permit } };
}

function toRefusal({ row, reason, retryAfterMs }: Refused, nowMs: number): Refusal {
  return {
    circuit: row.name,
    refusedBy: row.name,
    epoch: row.epoch,
    reason,
    retryAfterMs,
    retryAtMs: retryAfterMs === null ? null : nowMs + retryAfterMs,
    manual: reason === 'isolated' ? row.manual : null,
    lastFailure: reason === 'isolated' ? null : row.lastFailure,
  };
}

function keep<T>(row: CircuitRow, result: T): Step<T> {
  return { row, transitions: [], result };
}

/** A change of state caused by a verdict. */
function changeByVerdict(row: CircuitRow, change: StateChange, moment: Moment): Step<'counted'> {
  return { ...changeState(row, change, moment), result: 'counted' };
}
