import type { Admission, AttemptFailure, Permit, Refusal, Transition, Verdict } from './circuit.ts';
import { BreakwaterError } from '../errors.ts';
import { laterIsolation } from './arrival.ts';
import { findBareName, toFleetName } from './circuit-name.ts';
import { FleetFailure, type FleetFailureCode, type FleetReading } from './fleet-store.ts';
import { createFleetStepper, type FleetStep, type FleetStepper, type FleetStepperOptions } from './fleet-stepper.ts';
import { admit, isCurrent, isolate, renew, reset, settle } from './state-machine.ts';

/** What a fleet was asked for; `lease` is the lock of a sweep. */
export type FleetOperation = 'admit' | 'settle' | 'renew' | 'lease';

/**
 * The circuits of a fleet, by the state machine of every circuit. Only `reset` and `isolate` throw: whatever else
 * fails, the fleet admits, and the circuit of this host goes on by itself. But what ends the command ends a wait for
 * `check` and `admit`, too, with its error.
 */
export interface FleetGate {
  /** As `CircuitGate.check`. Its reading is that of the next admission, if that follows within a second. @throws what ends the command */
  readonly check: (circuit: string) => Promise<Refusal | null>;
  /** As `CircuitGate.admit`; null if the fleet could not be asked, which admits without a permit. @throws what ends the command */
  readonly admit: (circuit: string) => Promise<Admission | null>;
  /** As `CircuitGate.settle`. A verdict that cannot be delivered is dropped. */
  readonly settle: (permit: Permit, verdict: Verdict, failure?: AttemptFailure) => Promise<void>;
  /** As `CircuitGate.isCurrent`, by a reading of the last second if there is one; true if the fleet cannot be asked. */
  readonly isCurrent: (permit: Permit) => Promise<boolean>;
  /** As `CircuitGate.renew`; true if the fleet cannot be asked. */
  readonly renew: (permit: Permit) => Promise<boolean>;
  /** Closes the circuit for all hosts. @throws FleetFailure */
  readonly reset: (
    circuit: string,
    manual: { readonly by: string; readonly reason: string | null },
  ) => Promise<Transition>;
  /** Isolates the circuit for all hosts. @throws FleetFailure */
  readonly isolate: (
    circuit: string,
    manual: { readonly by: string; readonly reason: string | null; readonly forMs: number | null },
  ) => Promise<Transition>;
}

export interface FleetGateOptions extends FleetStepperOptions {
  /** A new unguessable token for a probe. */
  readonly newToken: () => string;
  readonly onFailure: (operation: FleetOperation, code: FleetFailureCode) => void;
}

/** Creates the gate of a fleet. A healthy admission is one round trip, and so is a success. */
export function createFleetGate(options: FleetGateOptions): FleetGate {
  const stepper = createFleetStepper(options);
  /** What ends the command is no failure of the fleet. */
  const report = (operation: FleetOperation, error: unknown): void => {
    if (error instanceof BreakwaterError) return;
    options.onFailure(operation, error instanceof FleetFailure ? error.code : 'internal');
  };
  const orElse = async <T>(operation: FleetOperation, work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      report(operation, error);
      return otherwise;
    }
  };
  const orAdmit = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof BreakwaterError) throw error;
      report('admit', error);
      return null;
    }
  };
  const { find, admitted } = createArrivals(stepper, options);
  return {
    check: async (circuit) => await orAdmit(async () => await find(circuit, await stepper.read(circuit))),
    admit: async (circuit) => await orAdmit(async () => await admitted(circuit)),
    isCurrent: async (permit) => await orElse('admit', async () => await isStillCurrent(stepper, permit), true),
    renew: async (permit) =>
      await orElse(
        'renew',
        async () => (await stepper.write(permit.circuit, (row, moment) => renew(row, { ...moment, permit }))).result,
        true,
      ),
    settle: createSettler(stepper, options, async (work) => await orElse('settle', work, undefined)),
    ...changesByHand(stepper),
  };
}

/** How calls are received: looks, and admissions. */
function createArrivals(stepper: FleetStepper, { newToken, clock }: FleetGateOptions) {
  const { read, forget, write, momentOf } = stepper;
  const requestAdmission: FleetStep<Admission> = (row, moment) =>
    admit(row, { ...moment, token: newToken(), isOwnerAlive: true });
  const requestRefusal: FleetStep<Refusal | null> = (row, moment) => {
    const { result, ...step } = requestAdmission(row, moment);
    if (result.kind === 'admitted') return { row, transitions: [], result: null };
    return { ...step, result: result.refusal };
  };
  /** The refusal of one row. One that corrects a time stores it. */
  const refuse = async (name: string, reading: FleetReading): Promise<Refusal | null> => {
    const row = reading.rows.get(name);
    if (row === undefined) return null;
    const step = requestRefusal(row, momentOf(reading));
    return step.row === row ? step.result : (await write(name, requestRefusal, { seen: reading })).result;
  };
  const find = async (circuit: string, reading: FleetReading): Promise<Refusal | null> => {
    const isolation = isolationIn(circuit, reading);
    const own = await refuse(circuit, reading);
    const hold = isolation === null ? null : await refuse(isolation, reading);
    const refusal = hold === null ? own : laterIsolation({ ...hold, circuit }, own);
    return refusal === null ? null : toFleetRefusal(refusal, clock.now());
  };
  const admitted = async (circuit: string): Promise<Admission> => {
    const reading = await read(circuit);
    // One reading for one admission.
    forget(circuit);
    const refusal = await find(circuit, reading);
    if (refusal !== null) return { kind: 'refused', refusal };
    const isolation = isolationIn(circuit, reading);
    // It has ended; closed, a clock that jumps back cannot revive it.
    if (isolation !== null) await write(isolation, requestAdmission, { seen: reading });
    const row = reading.rows.get(circuit);
    const step = row === undefined ? null : requestAdmission(row, momentOf(reading));
    if (step !== null && step.row === row) return step.result;
    // Without a record, each process would begin an epoch of its own, and no result would ever count.
    const { result } = await write(circuit, requestAdmission, { seen: reading, creates: true });
    return result.kind === 'admitted'
      ? result
      : { kind: 'refused', refusal: toFleetRefusal(result.refusal, clock.now()) };
  };
  return { find, admitted };
}

/** The bare name, if every scope of the circuit is isolated. */
function isolationIn(circuit: string, { rows }: FleetReading): string | null {
  const bareName = findBareName(circuit);
  return bareName !== null && rows.get(bareName)?.state === 'isolated' ? bareName : null;
}

async function isStillCurrent({ read, rowOf, momentOf }: FleetStepper, permit: Permit): Promise<boolean> {
  const { circuit } = permit;
  const reading = await read(circuit);
  if (!isCurrent(rowOf(circuit, reading), { permit, nowMs: reading.nowMs })) return false;
  const bareRow = reading.rows.get(findBareName(circuit) ?? circuit);
  if (bareRow?.state !== 'isolated') return true;
  return admit(bareRow, { ...momentOf(reading), token: '', isOwnerAlive: true }).result.kind === 'admitted';
}

/** Reports each permit once. What the fleet does not hear is dropped. */
function createSettler(
  { write }: FleetStepper,
  { emit, process, member }: FleetGateOptions,
  deliver: (work: () => Promise<void>) => Promise<void>,
): FleetGate['settle'] {
  const settled = new WeakSet<Permit>();
  return async (permit, verdict, attempt) => {
    if (settled.has(permit)) return;
    settled.add(permit);
    await deliver(async () => {
      const { result, before } = await write(permit.circuit, (row, moment) => {
        const failure = attempt === undefined ? null : toCause(attempt, { ...moment, host: member.host });
        return settle(row, { ...moment, permit, verdict, failure });
      });
      if (result !== 'stale') return;
      const { state, epoch } = before;
      const circuit = toFleetName(permit.circuit);
      emit({ kind: 'result_ignored', circuit, verdict, state, permitEpoch: permit.epoch, epoch });
    });
  };

  function toCause(failed: AttemptFailure, { nowMs, host }: { readonly nowMs: number; readonly host: string }) {
    const { code, message, httpStatus, requestId } = failed;
    return { code, message, httpStatus, requestId, atMs: nowMs, process: { ...process, host } };
  }
}

function changesByHand({ write }: FleetStepper): Pick<FleetGate, 'reset' | 'isolate'> {
  const change = async (circuit: string, step: FleetStep<Transition>): Promise<Transition> => {
    const { result } = await write(circuit, step);
    return { ...result, circuit: toFleetName(circuit) };
  };
  return {
    reset: async (circuit, { by, reason }) =>
      await change(circuit, (row, moment) =>
        reset(row, { ...moment, manual: { by, reason, atMs: moment.nowMs, untilMs: null } }),
      ),
    isolate: async (circuit, { by, reason, forMs }) =>
      await change(circuit, (row, moment) => {
        const untilMs = forMs === null ? null : moment.nowMs + forMs;
        return isolate(row, { ...moment, manual: { by, reason, atMs: moment.nowMs, untilMs } });
      }),
  };
}

/** The engine's clock decided how long; when that is, people read on their own. */
function toFleetRefusal(refusal: Refusal, nowMs: number): Refusal {
  const { circuit, refusedBy, retryAfterMs } = refusal;
  return {
    ...refusal,
    circuit: toFleetName(circuit),
    refusedBy: toFleetName(refusedBy),
    retryAtMs: retryAfterMs === null ? null : nowMs + retryAfterMs,
  };
}
