import { Pulse } from '../abort.ts';
import type { CircuitGate } from '../circuit/circuit-gate.ts';
import type { Admission, AttemptFailure, Permit, Refusal, Verdict } from '../circuit/circuit.ts';
import type { FleetGate } from '../circuit/fleet-gate.ts';
import type { GuardedCircuit } from './guarded-circuit.ts';

/** The permits of both gates; of the fleet's none if it could not be asked. */
interface PermitPair {
  readonly local: Permit;
  readonly fleet: Permit | null;
}

/**
 * The circuit of one command in a fleet: two gates before the same work. A call goes out when both admit it, and its
 * verdict is settled with both. What the fleet does or fails to do never weakens the circuit of this host.
 */
export class TwofoldCircuit implements GuardedCircuit {
  readonly name: string;
  readonly #gate: CircuitGate;
  readonly #fleet: FleetGate;
  readonly #probeEnded = new Pulse();
  readonly #opened = new Pulse();
  /** By the permit that the operation holds, which stands for both. */
  readonly #pairs = new WeakMap<Permit, PermitPair>();
  readonly #probes = new Set<Permit>();
  /** Admissions that wait for the fleet. */
  readonly #asking = new Set<Promise<Admission>>();
  #wasAdmitted = false;

  constructor({ name, gate, fleet }: { readonly name: string; readonly gate: CircuitGate; readonly fleet: FleetGate }) {
    this.name = name;
    this.#gate = gate;
    this.#fleet = fleet;
  }

  get wasAdmitted(): boolean {
    return this.#wasAdmitted;
  }

  get isProbing(): boolean {
    return this.#probes.size > 0;
  }

  get probeEnded(): AbortSignal {
    return this.#probeEnded.next;
  }

  get opened(): AbortSignal {
    return this.#opened.next;
  }

  /** The refusal of this host's circuit, or else of the fleet's. */
  async check(): Promise<Refusal | null> {
    return this.#gate.check(this.name) ?? (await this.#fleet.check(this.name));
  }

  async admit(): Promise<Admission> {
    const asking = this.#admit();
    this.#asking.add(asking);
    try {
      const admission = await asking;
      if (admission.kind === 'admitted' || admission.refusal.reason !== 'probe_in_progress') return admission;
    } finally {
      this.#asking.delete(asking);
    }
    // The slot may have gone to another operation of this command, which does not know it yet.
    await Promise.allSettled(this.#asking);
    return await asking;
  }

  /**
   * Looks at both first: asking this host's circuit alone would turn it half-open, and take its only slot, on every
   * call that the fleet refuses.
   */
  async #admit(): Promise<Admission> {
    const refusal = await this.check();
    if (refusal !== null) return { kind: 'refused', refusal };
    const local = this.#gate.admit(this.name);
    if (local.kind === 'refused') return local;
    this.#noteProbe(local.permit);
    let isAdmitted = false;
    let fleet: Admission | null;
    try {
      fleet = await this.#fleet.admit(this.name);
      isAdmitted = fleet?.kind !== 'refused';
    } finally {
      if (!isAdmitted) {
        this.#gate.settle(local.permit, 'neutral');
        this.#endProbe(local.permit);
      }
    }
    if (fleet?.kind === 'refused') return fleet;
    this.#wasAdmitted = true;
    const permit = this.#join({ local: local.permit, fleet: fleet?.permit ?? null });
    return { kind: 'admitted', permit };
  }

  async settle(permit: Permit, verdict: Verdict, failure?: AttemptFailure): Promise<void> {
    const { local, fleet } = this.#pairOf(permit);
    this.#gate.settle(local, verdict, failure);
    // The waits of this command end before the fleet has heard of it.
    if (verdict === 'failure') this.#noteRefusal(this.#gate.check(this.name));
    if (fleet !== null) await this.#fleet.settle(fleet, verdict, failure);
    this.#endProbe(permit);
    if (verdict === 'failure' && fleet !== null) this.#noteRefusal(await this.#lookAtFleet());
  }

  async isCurrent(permit: Permit): Promise<boolean> {
    const { local, fleet } = this.#pairOf(permit);
    return this.#gate.isCurrent(local) && (fleet === null || (await this.#fleet.isCurrent(fleet)));
  }

  async renew(permit: Permit): Promise<boolean> {
    const { local, fleet } = this.#pairOf(permit);
    const isLocal = local.probeToken === null || this.#gate.renew(local);
    const isFleet = fleet === null || fleet.probeToken === null || (await this.#fleet.renew(fleet));
    if (!isLocal || !isFleet) this.#endProbe(permit);
    return isLocal && isFleet;
  }

  /** What ends the command needs no look, and its verdict is settled. */
  async #lookAtFleet(): Promise<Refusal | null> {
    try {
      return await this.#fleet.check(this.name);
    } catch {
      return null;
    }
  }

  /** One permit for both, which is a probe if either is. */
  #join(pair: PermitPair): Permit {
    const { local, fleet } = pair;
    const permit = { ...local, probeToken: local.probeToken ?? fleet?.probeToken ?? null };
    this.#pairs.set(permit, pair);
    this.#noteProbe(permit);
    this.#probes.delete(local);
    return permit;
  }

  #pairOf(permit: Permit): PermitPair {
    return this.#pairs.get(permit) ?? { local: permit, fleet: null };
  }

  #noteRefusal(refusal: Refusal | null): void {
    if (refusal?.reason === 'open' || refusal?.reason === 'isolated') this.#opened.fire();
  }

  #noteProbe(permit: Permit): void {
    if (permit.probeToken !== null) this.#probes.add(permit);
  }

  #endProbe(permit: Permit): void {
    if (this.#probes.delete(permit)) this.#probeEnded.fire();
  }
}
