/** The vocabulary of the circuit: data only. The rules are in `state-machine.ts`, the file in `../state/`. */

export type CircuitState = 'closed' | 'open' | 'half_open' | 'isolated';

/** How one permitted operation ended, as evidence of the health of S3. */
export type Verdict = 'success' | 'failure' | 'neutral';

/** Bare names of the circuits that always exist. A full name adds the scope: `s3-upload@eu-west-1`. */
export const CIRCUIT_NAMES = ['s3-upload', 's3-download'] as const;
export type CircuitName = (typeof CIRCUIT_NAMES)[number];

export interface CircuitSettings {
  /** Consecutive failed operations that open the circuit; at least 1. @default 5 */
  readonly failureThreshold: number;
  /** Successful probes that close the circuit; at least 1. @default 2 */
  readonly successThreshold: number;
  /** Time before an open circuit admits a probe, in ms; stored when it opens. @default 60000 */
  readonly openForMs: number;
  /** Deadline of one probe, in ms; renewed while its work runs. @default 30000 */
  readonly probeLeaseMs: number;
}

export const DEFAULT_CIRCUIT_SETTINGS: CircuitSettings = {
  failureThreshold: 5,
  successThreshold: 2,
  openForMs: 60_000,
  probeLeaseMs: 30_000,
};

/** Enough to check whether a process is still alive; see `state/process-identity.ts`. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in the kernel's units, because PIDs are reused; null if unknown. */
  readonly startTime: string | null;
  /** Identifier of this boot; null if unknown. */
  readonly bootId: string | null;
  /** Process id namespace; null if unknown. */
  readonly pidNamespace: string | null;
  readonly host: string;
  /** The command, without arguments: `put`. */
  readonly command: string;
}

export interface Lease {
  /** Unguessable. A result with another token is stale. */
  readonly token: string;
  readonly expiresAtMs: number;
  readonly owner: ProcessIdentity;
  /** When it was taken; only in a fleet, where renewals end after `openForMs`. */
  readonly takenAtMs?: number;
}

/** What one host of a fleet has reported. */
export interface HostRecord {
  readonly host: string;
  /** While closed, its failures of the streak. In half-open, its failed probes, or 0 if only its lease ran out. */
  readonly failures: number;
  /** The last of them. */
  readonly atMs: number;
}

/** How one attempt failed. */
export interface AttemptFailure {
  /** S3's code, or our snake_case word for a network fault: `SlowDown`, `connection_reset`, `stalled_body`. */
  readonly code: string;
  readonly message: string;
  readonly httpStatus: number | null;
  readonly requestId: string | null;
}

/** The failure that changed a circuit's state, as shown by `breaker-status`. */
export interface FailureCause extends AttemptFailure {
  readonly atMs: number;
  readonly process: ProcessIdentity;
}

/** The longest isolation, in ms: 10 years. */
export const LONGEST_ISOLATION_MS = 3650 * 86_400_000;

/** A manual reset or isolation. */
export interface ManualChange {
  readonly by: string;
  readonly atMs: number;
  readonly reason: string | null;
  /** End of an isolation; null for a reset, or for an isolation that lasts until a reset. */
  readonly untilMs: number | null;
}

/** Everything stored about one circuit. No record means `initialRow(name)`: closed. */
export interface CircuitRow {
  readonly name: string;
  readonly state: CircuitState;
  /** Rises with every change of state, to the time in ms or by one, so that it also rises when a row was lost. */
  readonly epoch: number;
  /** Consecutive failures; kept for display while open. */
  readonly failures: number;
  /** Successful probes since half-open was entered. */
  readonly successes: number;
  readonly openedAtMs: number | null;
  /** Set on opening, so that a changed setting does not affect a running wait. */
  readonly openForMs: number | null;
  /** The threshold at the last change, for display (`3/5`). */
  readonly failureThreshold: number;
  readonly successThreshold: number;
  readonly lease: Lease | null;
  readonly lastFailure: FailureCause | null;
  readonly manual: ManualChange | null;
  /** When the state last changed; null if it never did. */
  readonly changedAtMs: number | null;
  /** The hosts of the streak, or of the failed probes in half-open. Only in a fleet's row. */
  readonly hosts?: readonly HostRecord[];
}

/** Permission to call. `probeToken` is null for a call through a closed circuit. */
export interface Permit {
  readonly circuit: string;
  readonly epoch: number;
  readonly probeToken: string | null;
}

export type RefusalReason = 'open' | 'probe_in_progress' | 'isolated';

export interface Refusal {
  /** Full name of the requested circuit. */
  readonly circuit: string;
  /** The row that refuses: that of the circuit, or of the bare name if all scopes are isolated. */
  readonly refusedBy: string;
  /** The epoch of that row. */
  readonly epoch: number;
  readonly reason: RefusalReason;
  /** Time until another attempt may be admitted, in ms; null for an isolation without an end. */
  readonly retryAfterMs: number | null;
  /** The time of that, in ms since the Unix epoch. */
  readonly retryAtMs: number | null;
  /** Who isolated it, why and until when; null for other reasons. */
  readonly manual: ManualChange | null;
  /** The last failure that counted; null for an isolation, or if unknown. */
  readonly lastFailure: FailureCause | null;
}

/** The result of asking for a permit. */
export type Admission =
  | { readonly kind: 'admitted'; readonly permit: Permit }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** One change of state, kept in the bounded history. */
export interface Transition {
  readonly circuit: string;
  readonly atMs: number;
  readonly from: CircuitState;
  readonly to: CircuitState;
  /** The epoch that this change started. */
  readonly epoch: number;
  readonly why:
    | 'threshold_reached'
    | 'probe_due'
    | 'probe_failed'
    | 'probes_succeeded'
    | 'reset'
    | 'isolated'
    | 'isolation_ended';
  /** Set where a failure caused it. */
  readonly cause: FailureCause | null;
  /** Set where a person caused it. */
  readonly manual: ManualChange | null;
  readonly process: ProcessIdentity;
}

/** Something that happened to a circuit; part of the union in `events.ts`. */
export type CircuitEvent =
  | { readonly kind: 'circuit_changed'; readonly transition: Transition }
  /** The failure streak of a closed circuit. Sent when it changes, and when a call is admitted while it is above 0. */
  | {
      readonly kind: 'failures_counted';
      readonly circuit: string;
      readonly failures: number;
      readonly failureThreshold: number;
    }
  | { readonly kind: 'circuit_refused'; readonly refusal: Refusal }
  /** A stale result, which changed nothing. */
  | {
      readonly kind: 'result_ignored';
      readonly circuit: string;
      readonly verdict: Verdict;
      readonly state: CircuitState;
      readonly permitEpoch: number;
      readonly epoch: number;
    };
