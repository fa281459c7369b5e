import { Pulse } from '../abort.ts';
import type { CircuitGate } from '../circuit/circuit-gate.ts';
import type { Admission, AttemptFailure, Permit, Refusal, Verdict } from '../circuit/circuit.ts';
import type { GuardedCircuit } from './guarded-circuit.ts';

/**
 * The circuit of one command on this host, with the state that its operations share: whether one was admitted, whether one holds the
 * probe, and when that ends. The probe of a command over many objects never refuses its other objects.
 */
export class CommandCircuit implements GuardedCircuit {
  readonly name: string;
  readonly #gate: CircuitGate;
  readonly #probeEnded = new Pulse();
  readonly #opened = new Pulse();
  #probe: Permit | null = null;
  #wasAdmitted = false;

  constructor(gate: CircuitGate, name: string) {
    this.#gate = gate;
    this.name = name;
  }

  get wasAdmitted(): boolean {
    return this.#wasAdmitted;
  }

  get isProbing(): boolean {
    return this.#probe !== null;
  }

  get probeEnded(): AbortSignal {
    return this.#probeEnded.next;
  }

  get opened(): AbortSignal {
    return this.#opened.next;
  }

  check(): Refusal | null {
    return this.#gate.check(this.name);
  }

  admit(): Admission {
    const admission = this.#gate.admit(this.name);
    if (admission.kind === 'admitted') {
      this.#wasAdmitted = true;
      if (admission.permit.probeToken !== null) this.#probe = admission.permit;
    }
    return admission;
  }

  settle(permit: Permit, verdict: Verdict, failure?: AttemptFailure): void {
    this.#gate.settle(permit, verdict, failure);
    this.#endProbe(permit);
    if (verdict !== 'failure') return;
    const reason = this.check()?.reason;
    if (reason === 'open' || reason === 'isolated') this.#opened.fire();
  }

  isCurrent(permit: Permit): boolean {
    return this.#gate.isCurrent(permit);
  }

  renew(permit: Permit): boolean {
    const isRenewed = this.#gate.renew(permit);
    if (!isRenewed) this.#endProbe(permit);
    return isRenewed;
  }

  #endProbe(permit: Permit): void {
    if (permit !== this.#probe) return;
    this.#probe = null;
    this.#probeEnded.fire();
  }
}
