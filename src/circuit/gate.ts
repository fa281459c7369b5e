import type { AttemptFailure } from '../events.ts';
import type { Permit, Refusal, Transition, Verdict } from './circuit.ts';

export type Admission =
  | { readonly kind: 'admitted'; readonly permit: Permit }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Runs the machine against the stored rows. Synchronous: each call is at most one short transaction. */
export interface CircuitGate {
  /** What an arriving request would meet now: null for admitted. Reads only; never creates a store. */
  readonly look: (circuit: string) => Refusal | null;
  /** Asks for leave to call; takes the probe slot where that is what leave means. */
  readonly admit: (circuit: string) => Admission;
  /** Reports how a permitted call ended. Once per permit; a stale result changes nothing. */
  readonly settle: (permit: Permit, verdict: Verdict, failure?: AttemptFailure) => void;
  /** Whether a result under this permit would still count: same epoch and, for a probe, its lease runs. Reads only. */
  readonly isCurrent: (permit: Permit) => boolean;
  /** Extends a probe's lease. False: the lease is over or another's, its result will be stale. */
  readonly renew: (permit: Permit) => boolean;
  /** Closes by hand. */
  readonly reset: (circuit: string, manual: { readonly by: string; readonly reason: string | null }) => Transition;
  /** Holds open by hand, for `forMs` or until a reset. */
  readonly isolate: (
    circuit: string,
    manual: { readonly by: string; readonly reason: string | null; readonly forMs: number | null },
  ) => Transition;
}
