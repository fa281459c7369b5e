import { Pulse } from '../abort.ts';
import type { CircuitGate } from '../circuit/circuit-gate.ts';
import { ThisTurn } from '../this-turn.ts';
import type { Admission, AttemptFailure, Permit, Refusal, Verdict } from '../circuit/circuit.ts';

/**
 * The circuit of one command, with the state that its operations share: whether one was admitted, whether one holds the
 * probe, and when that ends. The probe of a command over many objects never refuses its other objects.
 */
export class CommandCircuit {
  /** The full name, `s3-upload@scope`. */
  readonly name: string;
  readonly #gate: CircuitGate;
  readonly #probeEnded = new Pulse();
  readonly #opened = new Pulse();
  /** The last ordinary permit of this turn: until the turn ends, the circuit counts as closed in its epoch. */
  readonly #closed = new ThisTurn<Permit>();
  #probe: Permit | null = null;
  #wasAdmitted = false;

  constructor(gate: CircuitGate, name: string) {
    this.#gate = gate;
    this.name = name;
  }

  /** Whether an operation of this command was ever admitted. */
  get wasAdmitted(): boolean {
    return this.#wasAdmitted;
  }

  /** Whether an operation of this command holds the probe slot. */
  get isProbing(): boolean {
    return this.#probe !== null;
  }

  /** Aborts when this command's probe ends. */
  get probeEnded(): AbortSignal {
    return this.#probeEnded.next;
  }

  /** Aborts when a failure of this command leaves the circuit open. Use `check` to see what other processes did. */
  get opened(): AbortSignal {
    return this.#opened.next;
  }

  /** See `CircuitGate.check`. */
  check(): Refusal | null {
    return this.#gate.check(this.name);
  }

  /** As `CircuitGate.admit`, but asked once a turn while the circuit is closed. */
  admit(): Admission {
    const closed = this.#closed.value;
    // A permit of its own, because each is settled once.
    if (closed !== null) return { kind: 'admitted', permit: { ...closed } };
    const admission = this.#gate.admit(this.name);
    if (admission.kind === 'admitted') {
      const { permit } = admission;
      this.#wasAdmitted = true;
      if (permit.probeToken === null) this.#closed.set(permit);
      else this.#probe = permit;
    }
    return admission;
  }

  settle(permit: Permit, verdict: Verdict, failure?: AttemptFailure): void {
    // A failure may open the circuit, and the next admission must see it.
    if (verdict !== 'success') this.#closed.clear();
    this.#gate.settle(permit, verdict, failure);
    this.#endProbe(permit);
    if (verdict !== 'failure') return;
    const reason = this.check()?.reason;
    if (reason === 'open' || reason === 'isolated') this.#opened.fire();
  }

  /** As `CircuitGate.isCurrent`, but asked once a turn while the circuit is closed. */
  isCurrent(permit: Permit): boolean {
    const isKnown = permit.probeToken === null && this.#closed.value?.epoch === permit.epoch;
    return isKnown || this.#gate.isCurrent(permit);
  }

  /** False if the lease is lost, so that the probe is no longer this command's. */
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
