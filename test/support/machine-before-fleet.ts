import { assertNever } from '../../src/errors.ts';
import type {
  Admission,
  CircuitRow,
  CircuitSettings,
  CircuitState,
  FailureCause,
  ManualChange,
  Permit,
  ProcessIdentity,
  Refusal,
  RefusalReason,
  Transition,
  Verdict,
} from '../../src/circuit/circuit.ts';
import type { CircuitChange } from '../../src/circuit/circuit-store.ts';

/*
 * The machine as it was before fleets, in one file: what a quorum of 1 is compared with. Only the rule of the epochs is
 * that of today (`Math.max`).
 */

/** The inputs of an arriving call. */
interface Arriving {
  /** Wall clock, in ms since the Unix epoch. */
  readonly nowMs: number;
  readonly probeLeaseMs: number;
  /** Whether the owner of the row's lease is still alive; true if unknown. */
  readonly isOwnerAlive: boolean;
}

/** How the circuit treats a call that arrives now. */
type Reception =
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
function receive(row: CircuitRow, { nowMs, probeLeaseMs, isOwnerAlive }: Arriving): Reception {
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

/** An isolation that starts in the future starts now and keeps its length. */
function clampIsolation(manual: ManualChange | null, nowMs: number): ManualChange | null {
  if (manual === null || manual.untilMs === null || manual.atMs <= nowMs) return manual;
  return { ...manual, atMs: nowMs, untilMs: nowMs + manual.untilMs - manual.atMs };
}

function refuse(row: CircuitRow, reason: RefusalReason, retryAfterMs: number | null): Reception {
  return { kind: 'refused', reason, retryAfterMs, row };
}

/** Input of every step of the state machine. No step reads a clock, a file or a source of randomness. */
interface Moment {
  /** Wall clock, in ms since the Unix epoch. */
  readonly nowMs: number;
  readonly settings: CircuitSettings;
  /** The calling process: owner of any lease it takes, author of any transition it causes. */
  readonly process: ProcessIdentity;
}

/** One step: the row to store, the transitions to record, and the result. An unchanged row is not written. */
type Step<T> = CircuitChange<T> & { readonly row: CircuitRow };

/** The new state, and why. */
interface StateChange {
  readonly to: CircuitState;
  readonly why: Transition['why'];
  readonly cause?: FailureCause | null;
  readonly manual?: ManualChange;
}

/**
 * The only way to change the state: increments the epoch, ends the lease, resets successes to 0 and records the change.
 * Failures stay for display until the circuit closes or is isolated.
 */
function changeState(
  row: CircuitRow,
  { to, why, cause = null, manual }: StateChange,
  { nowMs, settings, process }: Moment,
): Step<Transition> {
  const epoch = Math.max(row.epoch + 1, nowMs);
  const transition: Transition = {
    circuit: row.name,
    atMs: nowMs,
    from: row.state,
    to,
    epoch,
    why,
    cause,
    manual: manual ?? null,
    process,
  };
  const changed: CircuitRow = {
    ...row,
    state: to,
    epoch,
    successes: 0,
    failureThreshold: settings.failureThreshold,
    successThreshold: settings.successThreshold,
    lease: null,
    manual: manual ?? null,
    changedAtMs: nowMs,
    ...waitOf(row, to, { nowMs, settings }),
  };
  return { row: changed, transitions: [transition], result: transition };
}

/** The stored wait of a state: new on opening, kept for display while half-open, otherwise removed. */
function waitOf(
  row: CircuitRow,
  to: CircuitState,
  { nowMs, settings }: Pick<Moment, 'nowMs' | 'settings'>,
): Pick<CircuitRow, 'openedAtMs' | 'openForMs' | 'failures'> {
  const { openedAtMs, openForMs, failures } = row;
  switch (to) {
    case 'open':
      return { openedAtMs: nowMs, openForMs: settings.openForMs, failures };
    case 'half_open':
      return { openedAtMs, openForMs, failures };
    case 'closed':
    case 'isolated':
      return { openedAtMs: null, openForMs: null, failures: 0 };
    default:
      return assertNever(to);
  }
}

/** The initial row of a circuit: closed, in epoch 0. */
function initialRow(name: string, settings: CircuitSettings): CircuitRow {
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

interface Arrival extends Moment {
  /** The token to use if this call becomes a probe; unguessable and never reused. */
  readonly token: string;
  /** Whether the owner of the row's lease is still alive; true if unknown. */
  readonly isOwnerAlive: boolean;
}

/** Admits or refuses a call. In half-open, an admitted call takes the probe slot. */
function admit(row: CircuitRow, arrival: Arrival): Step<Admission> {
  const { nowMs, settings, isOwnerAlive } = arrival;
  const reception = receive(row, { nowMs, probeLeaseMs: settings.probeLeaseMs, isOwnerAlive });
  if (reception.kind === 'refused')
    return keep(reception.row, { kind: 'refused', refusal: toRefusal(reception, nowMs) });
  if (reception.as === 'probe') {
    if (row.state === 'half_open') return startProbe(row, [], arrival);
    const entered = changeState(row, { to: 'half_open', why: 'probe_due' }, arrival);
    return startProbe(entered.row, entered.transitions, arrival);
  }
  if (row.state === 'closed') return permitCall(row, []);
  const ended = changeState(row, { to: 'closed', why: 'isolation_ended' }, arrival);
  return permitCall(ended.row, ended.transitions);
}

interface Settlement extends Moment {
  readonly permit: Permit;
  readonly verdict: Verdict;
  /** The cause of a failure; null if unknown. */
  readonly failure: FailureCause | null;
}

/** Applies one verdict. A stale verdict changes nothing and returns `stale`. */
function settle(row: CircuitRow, settlement: Settlement): Step<'counted' | 'stale'> {
  const { permit, verdict, nowMs } = settlement;
  if (!isCurrent(row, { permit, nowMs })) return keep(row, 'stale');
  if (row.state === 'half_open') return settleProbe(row, settlement);
  switch (verdict) {
    case 'success':
      return keep(row.failures === 0 ? row : { ...row, failures: 0 }, 'counted');
    case 'neutral':
      return keep(row, 'counted');
    case 'failure': {
      const { settings, failure } = settlement;
      const failed = {
        ...row,
        failures: row.failures + 1,
        failureThreshold: settings.failureThreshold,
        successThreshold: settings.successThreshold,
        lastFailure: failure ?? row.lastFailure,
      };
      if (failed.failures < settings.failureThreshold) return keep(failed, 'counted');
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
function isCurrent(row: CircuitRow, { permit, nowMs }: Pick<Settlement, 'permit' | 'nowMs'>): boolean {
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

/** Extends a probe's lease to now + lease. False, without a change, if it has expired or belongs to another. */
function renew(
  row: CircuitRow,
  { permit, nowMs, settings }: Pick<Settlement, 'permit' | 'nowMs' | 'settings'>,
): Step<boolean> {
  if (row.lease === null || !isCurrent(row, { permit, nowMs })) return keep(row, false);
  return keep({ ...row, lease: { ...row.lease, expiresAtMs: nowMs + settings.probeLeaseMs } }, true);
}

/** Closes manually from any state. All results in flight become stale. */
function reset(row: CircuitRow, moment: Moment & { readonly manual: ManualChange }): Step<Transition> {
  return changeState(row, { to: 'closed', why: 'reset', manual: moment.manual }, moment);
}

/** Isolates manually until `manual.untilMs` or a reset. All results in flight become stale. */
function isolate(row: CircuitRow, moment: Moment & { readonly manual: ManualChange }): Step<Transition> {
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
      const failed = { ...freed, lastFailure: failure ?? row.lastFailure };
      return changeByVerdict(failed, { to: 'open', why: 'probe_failed', cause: failure }, settlement);
    }
    default:
      return assertNever(verdict);
  }
}

function startProbe(row: CircuitRow, transitions: readonly Transition[], arrival: Arrival): Step<Admission> {
  const { nowMs, settings, process, token } = arrival;
  const lease = { token, expiresAtMs: nowMs + settings.probeLeaseMs, owner: process };
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

export const MACHINE_BEFORE_FLEET = { admit, settle, renew, reset, isolate, initialRow } as const;
