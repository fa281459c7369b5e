import type { Admission, AttemptFailure, Permit, Refusal, Verdict } from '../circuit/circuit.ts';

/** At once, as the circuit of this host answers, or after a round trip to a fleet. */
export type Answer<T> = T | Promise<T>;

/** The circuit of one command, as its operations see it: of this host alone, or of this host and a fleet. */
export interface GuardedCircuit {
  /** The full name, `s3-upload@scope`. */
  readonly name: string;
  /** Whether an operation of this command was ever admitted. */
  readonly wasAdmitted: boolean;
  /** Whether an operation of this command holds a probe slot. */
  readonly isProbing: boolean;
  /** Aborts when this command's probe ends. */
  readonly probeEnded: AbortSignal;
  /** Aborts when a failure of this command leaves the circuit open. Use `check` to see what other processes did. */
  readonly opened: AbortSignal;
  /** See `CircuitGate.check`. */
  readonly check: () => Answer<Refusal | null>;
  readonly admit: () => Answer<Admission>;
  readonly settle: (permit: Permit, verdict: Verdict, failure?: AttemptFailure) => Answer<void>;
  readonly isCurrent: (permit: Permit) => Answer<boolean>;
  /** False if the lease is lost, so that the probe is no longer this command's. */
  readonly renew: (permit: Permit) => Answer<boolean>;
}
