import type { Clock } from '../clock.ts';
import type {
  Admission,
  AttemptFailure,
  CircuitEvent,
  CircuitRow,
  CircuitSettings,
  Permit,
  ProcessIdentity,
  Refusal,
  Transition,
  Verdict,
} from './circuit.ts';
import { createChecker } from './check-circuit.ts';
import type { CircuitStore } from './circuit-store.ts';
import { admit, initialRow, isCurrent, isolate, renew, reset, settle, type Arrival } from './state-machine.ts';
import type { Moment, Step } from './change-state.ts';

/** Runs the state machine on the stored rows. Synchronous: each call is at most one short transaction. */
export interface CircuitGate {
  /**
   * The refusal for a call arriving now; null if it would be admitted. A check that admits writes nothing. A refusal
   * corrects stored times in the future, as an admission does.
   */
  readonly check: (circuit: string) => Refusal | null;
  /** Admits or refuses a call. In half-open, an admitted call takes the probe slot. */
  readonly admit: (circuit: string) => Admission;
  /** Reports how a permitted call ended, once per permit. A stale result changes nothing. */
  readonly settle: (permit: Permit, verdict: Verdict, failure?: AttemptFailure) => void;
  /**
   * Whether another attempt under this permit is worthwhile: its result would count (same epoch and, for a probe, an
   * unexpired lease), and the circuit is not isolated for all scopes. Reads only.
   */
  readonly isCurrent: (permit: Permit) => boolean;
  /** Extends a probe's lease. False if it has expired or belongs to another: the probe's result will be stale. */
  readonly renew: (permit: Permit) => boolean;
  /** Closes the circuit manually. */
  readonly reset: (circuit: string, manual: { readonly by: string; readonly reason: string | null }) => Transition;
  /** Isolates the circuit manually, for `forMs` or, if that is null, until a reset. */
  readonly isolate: (
    circuit: string,
    manual: { readonly by: string; readonly reason: string | null; readonly forMs: number | null },
  ) => Transition;
}

export interface CircuitGateOptions {
  readonly store: CircuitStore;
  readonly settings: CircuitSettings;
  readonly clock: Clock;
  /** Owner of the leases and author of the transitions of this gate. */
  readonly process: ProcessIdentity;
  /** Whether a lease's owner is still alive; true if unknown. */
  readonly isOwnerAlive: (owner: ProcessIdentity) => boolean;
  /** A new unguessable token for a probe. */
  readonly newToken: () => string;
  /**
   * Receives every event except `circuit_refused`, after the transaction. The caller reports refusals, because only it
   * knows which of them ended a call and which it waited out.
   */
  readonly emit: (event: CircuitEvent) => void;
}

/** Creates a gate over a store. Each call is at most one short write transaction, and none if nothing changes. */
export function createCircuitGate(options: CircuitGateOptions): CircuitGate {
  const { clock, settings, emit } = options;
  const { read, run, write } = createStepper(options);
  const settled = new WeakSet<Permit>();
  const moment = (): Moment => ({ nowMs: clock.now(), settings, process: options.process });
  const requestAdmission = (row: CircuitRow): Step<Admission> => admit(row, arrivalAt(row, options));
  const { check, isHeld, passIsolation } = createChecker({ read, run, requestAdmission });

  return {
    check,
    admit: (circuit) => {
      const refusal = passIsolation(circuit);
      if (refusal !== null) return { kind: 'refused', refusal };
      const { admission, row } = run(circuit, (asked) => {
        const step = requestAdmission(asked);
        return { ...step, result: { admission: step.result, row: step.row } };
      });
      if (row.state === 'closed' && row.failures > 0) emit(countFailures(row));
      return admission;
    },
    settle: (permit, verdict, attempt) => {
      if (settled.has(permit)) return;
      settled.add(permit);
      const failure =
        attempt === undefined ? null : { atMs: clock.now(), ...pickCause(attempt), process: options.process };
      const { outcome, row, after } = run(permit.circuit, (judged) => {
        const step = settle(judged, { ...moment(), permit, verdict, failure });
        return { ...step, result: { outcome: step.result, row: judged, after: step.row } };
      });
      const isStillClosed = row.state === 'closed' && after.state === 'closed';
      if (isStillClosed && after.failures !== row.failures) emit(countFailures(after));
      if (outcome === 'stale') {
        const { name, state, epoch } = row;
        emit({ kind: 'result_ignored', circuit: name, verdict, state, permitEpoch: permit.epoch, epoch });
      }
    },
    isCurrent: (permit) => isCurrent(read(permit.circuit), { permit, nowMs: clock.now() }) && !isHeld(permit.circuit),
    renew: (permit) => run(permit.circuit, (row) => renew(row, { ...moment(), permit })),
    ...changesByHand(write, moment),
  };
}

/** A call at this row. What only a change needs is found out for that: it takes several files, and Node's cryptography. */
function arrivalAt({ lease }: CircuitRow, options: CircuitGateOptions): Arrival {
  const { clock, settings, isOwnerAlive, newToken } = options;
  return {
    nowMs: clock.now(),
    settings,
    get process() {
      return options.process;
    },
    get token() {
      return newToken();
    },
    isOwnerAlive: lease === null || isOwnerAlive(lease.owner),
  };
}

/** Manual changes. Their author and time are stored. */
function changesByHand(write: Stepper['write'], moment: () => Moment): Pick<CircuitGate, 'reset' | 'isolate'> {
  return {
    reset: (circuit, { by, reason }) =>
      write(circuit, (row) => {
        const now = moment();
        return reset(row, { ...now, manual: { by, reason, atMs: now.nowMs, untilMs: null } });
      }),
    isolate: (circuit, { by, reason, forMs }) =>
      write(circuit, (row) => {
        const now = moment();
        const untilMs = forMs === null ? null : now.nowMs + forMs;
        return isolate(row, { ...now, manual: { by, reason, atMs: now.nowMs, untilMs } });
      }),
  };
}

/** Runs steps of the state machine on stored rows. */
export interface Stepper {
  readonly read: (circuit: string) => CircuitRow;
  readonly run: <T>(circuit: string, step: (row: CircuitRow) => Step<T>) => T;
  readonly write: <T>(circuit: string, step: (row: CircuitRow) => Step<T>) => T;
}

function createStepper({ store, settings, emit }: CircuitGateOptions): Stepper {
  const read = (circuit: string): CircuitRow => store.read(circuit) ?? initialRow(circuit, settings);
  const write: Stepper['write'] = (circuit, step) => {
    const { transitions, result } = store.update(circuit, (stored) => {
      const row = stored ?? initialRow(circuit, settings);
      const stepped = step(row);
      return {
        row: stepped.row === row ? stored : stepped.row,
        transitions: stepped.transitions,
        result: stepped,
      };
    });
    for (const transition of transitions) emit({ kind: 'circuit_changed', transition });
    return result;
  };
  /**
   * Runs the step on the row as read and, only if that changes it, again inside the write transaction. A healthy
   * circuit thus takes no write lock, and no change is based on an outdated row.
   */
  const run: Stepper['run'] = (circuit, step) => {
    const row = read(circuit);
    const seen = step(row);
    return seen.row === row ? seen.result : write(circuit, step);
  };
  return { read, run, write };
}

function countFailures({ name, failures, failureThreshold }: CircuitRow): CircuitEvent {
  return { kind: 'failures_counted', circuit: name, failures, failureThreshold };
}

function pickCause({ code, message, httpStatus, requestId }: AttemptFailure): AttemptFailure {
  return { code, message, httpStatus, requestId };
}
