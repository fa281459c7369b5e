import type { ErrorCode } from '../errors.ts';
import type { CauseDocument, IsolationDocument } from './circuit-documents.ts';
import type { Count, HttpStatus, Milliseconds, TimeText } from './values.ts';

/** Why a command failed. Every field is present; null means unknown, or that there is none. */
export interface FailureDocument {
  /** Belongs to the exit status. */
  readonly code: ErrorCode;
  /** A more specific word: `open`, `probe_in_progress`, `isolated`, `sigint`, `no_credentials`. */
  readonly reason: string | null;
  /** For people: what failed, and why. */
  readonly message: string;
  /** For people: what to do next. */
  readonly hint: string | null;
  /**
   * The exit status of the command.
   * @asType integer
   * @minimum 1
   * @maximum 255
   */
  readonly exit_status: number;
  /** The time after which a retry makes sense. */
  readonly retry_after_ms: Milliseconds | null;
  /** Full name of the circuit that refused the call. */
  readonly circuit: string | null;
  /** From the last response of S3. */
  readonly http_status: HttpStatus | null;
  /** From the last response of S3. */
  readonly request_id: string | null;
  /** Requests sent for the operation, including the first. */
  readonly attempts: Count | null;
  /** S3's own code: `SlowDown`, `NoSuchKey`. */
  readonly s3_code: string | null;
  /** The time of `retry_after_ms`: the next probe, or the end of an isolation. */
  readonly retry_at: TimeText | null;
  /** Only with the reason `isolated`. */
  readonly isolation: IsolationDocument | null;
  /** With the reasons `open` and `probe_in_progress`: the last failure that the circuit counted. */
  readonly last_error: CauseDocument | null;
}
