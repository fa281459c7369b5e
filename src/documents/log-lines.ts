import type { CircuitState, RefusalReason, Transition, Verdict } from '../circuit/circuit.ts';
import type { FleetOperation } from '../circuit/fleet-gate.ts';
import type { FleetFailureCode } from '../circuit/fleet-store.ts';
import type { ErrorCode } from '../errors.ts';
import type { Event, WaitReason } from '../events.ts';
import type { OperationName } from '../operations.ts';
import type { Scenario } from '../sandbox/scenario.ts';
import type { FailureDocument } from './failure-document.ts';
import type { ByteCount, Count, HttpStatus, Milliseconds, TimeText } from './values.ts';

export type LogLevel = 'error' | 'warning' | 'notice' | 'debug';

interface Logged {
  readonly time: TimeText;
  readonly level: LogLevel;
  /** For people. */
  readonly message: string;
}

interface Targeted extends Logged {
  readonly operation: OperationName;
  readonly bucket: string;
  /** Null for a listing, a batch, or several objects. */
  readonly key: string | null;
}

interface AttemptFacts {
  /** S3's code, or a word for a network fault: `SlowDown`, `connection_reset`. */
  readonly code: string;
  /** Null if there was no response. */
  readonly http_status: HttpStatus | null;
  /** S3's id of the request; null if it sent none. */
  readonly request_id: string | null;
}

/** The command failed. */
export interface ErrorLine extends Logged {
  readonly event: 'error';
  readonly error: FailureDocument;
}

/** Something to know that does not end the command. */
export interface WarningLine extends Logged {
  readonly event: 'warning';
  /** One word. */
  readonly reason: string;
}

/** A request failed; with `--verbose`. */
export interface AttemptFailedLine extends Targeted, AttemptFacts {
  readonly event: 'attempt_failed';
  /** 1 is the first. */
  readonly attempt: Count;
}

/** A request failed and is sent again. */
export interface RetryScheduledLine extends Targeted, AttemptFacts {
  readonly event: 'retry_scheduled';
  /** 1 is the first retry. */
  readonly retry: Count;
  /** Retries allowed. */
  readonly retries: Count;
  readonly delay_ms: Milliseconds;
}

/** An operation ended; with `--verbose`. */
export interface OperationFinishedLine extends Targeted {
  readonly event: 'operation_finished';
  // Not taken from the event's type: of that, the generator makes objects without properties.
  readonly result: 'success' | 'error' | 'circuit_open' | 'interrupted';
  /** Null for a success. */
  readonly code: ErrorCode | null;
  /** Including retries and waits. */
  readonly duration_ms: Milliseconds;
  readonly bytes: ByteCount;
}

/** A circuit changed its state. */
export interface CircuitChangedLine extends Logged {
  readonly event: 'circuit_changed';
  /** Full name. */
  readonly circuit: string;
  readonly from: CircuitState;
  readonly to: CircuitState;
  readonly why: Transition['why'];
  readonly epoch: Count;
  /** Of the failure that caused it. */
  readonly code: string | null;
}

/** A circuit refused a call; with `--verbose`. */
export interface CircuitRefusedLine extends Logged {
  readonly event: 'circuit_refused';
  /** Full name. */
  readonly circuit: string;
  readonly reason: RefusalReason;
  /** Null for an isolation without an end. */
  readonly retry_after_ms: Milliseconds | null;
}

/** A result came too late for its circuit and changed nothing; with `--verbose`. */
export interface ResultIgnoredLine extends Logged {
  readonly event: 'result_ignored';
  /** Full name. */
  readonly circuit: string;
  readonly verdict: Verdict;
  readonly state: CircuitState;
  /** The epoch in which the call was permitted. */
  readonly permit_epoch: Count;
  readonly epoch: Count;
}

/** The command waits. */
export interface WaitStartedLine extends Logged {
  readonly event: 'wait_started';
  readonly reason: WaitReason;
  /** Full name; null for the rate limiter. */
  readonly circuit: string | null;
  /** Null if only the deadline limits it. */
  readonly at_most_ms: Milliseconds | null;
}

/** How this store handles deletions; with `--verbose`. */
export interface DeletesAdaptedLine extends Logged {
  readonly event: 'deletes_adapted';
  readonly bucket: string;
  readonly form: Extract<Event, { kind: 'deletes_adapted' }>['form'];
  /** Whether requests have `Content-MD5`. */
  readonly content_md5: boolean;
  /** What the store does with a condition on the ETag. */
  readonly condition: Extract<Event, { kind: 'deletes_adapted' }>['condition'];
}

/** No checksum could verify an object; with `--verbose`. */
export interface NotVerifiedLine extends Logged {
  readonly event: 'not_verified';
  /** `s3://bucket/key` */
  readonly name: string;
  /** For people. */
  readonly why: string;
}

/** A step of the search for AWS credentials; with `--verbose`. */
export interface CredentialsSoughtLine extends Logged {
  readonly event: 'credentials_sought';
}

/** The fleet could not be asked, and this host went on by itself; with `--verbose`. */
export interface FleetFailedLine extends Logged {
  readonly event: 'fleet_failed';
  readonly operation: FleetOperation;
  readonly code: FleetFailureCode;
}

/** How far the command is: at each quarter or every 10 s, whichever is rarer. */
export interface ProgressLine extends Logged {
  readonly event: 'progress';
  readonly moved_bytes: ByteCount;
  /** Null if unknown. */
  readonly total_bytes: ByteCount | null;
  readonly objects_done: Count;
  readonly objects_failed: Count;
}

/** The metrics can be fetched. */
export interface MetricsServedLine extends Logged {
  readonly event: 'metrics_served';
  readonly url: string;
}

/** The sandbox is ready. */
export interface SandboxStartedLine extends Logged {
  readonly event: 'sandbox_started';
  /** Its URL. */
  readonly endpoint: string;
  readonly region: string;
  readonly access_key_id: string;
  /** Of the sandbox only. */
  readonly secret_access_key: string;
  readonly scenario: Scenario;
}

/** A phase of the sandbox's scenario starts. */
export interface PhaseStartedLine extends Logged {
  readonly event: 'phase_started';
  /** Null for the rest of the run. */
  readonly lasts_ms: Milliseconds | null;
}

/** The sandbox has answered a request. */
export interface RequestLine extends Logged {
  readonly event: 'request';
  readonly method: string;
  /** Path and query, as received. */
  readonly url: string;
  /** S3's name of the operation; null if unknown. */
  readonly operation: string | null;
  /** Empty if the request names none. */
  readonly bucket: string;
  /** Empty if the request names none. */
  readonly key: string;
  /** Null if it was not answered. */
  readonly status: HttpStatus | null;
  /** The error code sent; null if none. */
  readonly code: string | null;
  /** The kind of fault applied; null if none. */
  readonly fault: string | null;
}
