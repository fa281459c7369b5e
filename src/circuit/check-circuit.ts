import { laterIsolation } from './arrival.ts';
import type { Admission, CircuitRow, Refusal } from './circuit.ts';
import type { Stepper } from './circuit-gate.ts';
import { findBareName } from './circuit-name.ts';
import type { Step } from './change-state.ts';

interface CheckerOptions extends Pick<Stepper, 'read' | 'run'> {
  readonly requestAdmission: (row: CircuitRow) => Step<Admission>;
}

/** The checks before an admission. */
interface Checker {
  /** As `CircuitGate.check`. */
  readonly check: (circuit: string) => Refusal | null;
  /** Whether an isolation of all scopes blocks this circuit. Reads only. */
  readonly isHeld: (circuit: string) => boolean;
  /**
   * The refusal if all scopes of this circuit are isolated. Closes an expired isolation, so that a clock that jumps
   * back cannot revive it, and then checks the circuit alone.
   */
  readonly passIsolation: (circuit: string) => Refusal | null;
}

/** Checks a circuit and the row of its bare name, which blocks every scope while it is isolated. */
export function createChecker({ read, run, requestAdmission }: CheckerOptions): Checker {
  const readIsolation = (circuit: string): CircuitRow | null => {
    const bareName = findBareName(circuit);
    const row = bareName === null ? null : read(bareName);
    return row?.state === 'isolated' ? row : null;
  };
  const refuse = (name: string): Refusal | null =>
    run(name, (row) => {
      const step = requestAdmission(row);
      return step.result.kind === 'refused'
        ? { ...step, result: step.result.refusal }
        : { row, transitions: [], result: null };
    });
  const check = (circuit: string): Refusal | null => {
    const isolation = readIsolation(circuit);
    const own = refuse(circuit);
    const hold = isolation === null ? null : refuse(isolation.name);
    return hold === null ? own : laterIsolation({ ...hold, circuit }, own);
  };
  return {
    check,
    isHeld: (circuit) => {
      const isolation = readIsolation(circuit);
      return isolation !== null && requestAdmission(isolation).result.kind === 'refused';
    },
    passIsolation: (circuit) => {
      const isolation = readIsolation(circuit);
      if (isolation === null) return null;
      run(isolation.name, requestAdmission);
      return check(circuit);
    },
  };
}
