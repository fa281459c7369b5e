import type { FailureCause, ManualChange } from './circuit/circuit.ts';

/**
 * Why a command failed, as scripts read it from `error.code`. Codes are added, never removed or changed; exit statuses
 * are in `cli/output/exit-status.ts`.
 */
export const ERROR_CODES = [
  'usage',
  'partial',
  'checksum_mismatch',
  'object_changed',
  'not_found',
  'unavailable',
  'push_failed',
  'internal',
  'local_create',
  'exists',
  'local_io',
  'source_changed',
  'circuit_open',
  'deadline',
  'locked',
  'rejected',
  'access_denied',
  'config',
  'interrupted',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Details of a failure beyond its message. An absent field means unknown. */
export interface ErrorDetails {
  /** What to do next, as one short sentence or a command. */
  readonly hint?: string;
  /** A more precise word within the code, snake_case: `open`, `probe_in_progress`, `isolated`, `sigint` ... */
  readonly reason?: string;
  /** How long to wait before trying again, in ms. */
  readonly retryAfterMs?: number;
  /** The same as a time, in ms since the Unix epoch. */
  readonly retryAtMs?: number;
  /** Who isolated the circuit, why and until when; `of` is the name that was isolated. */
  readonly isolation?: ManualChange & { readonly of: string };
  /** The last failure that an open circuit counted. */
  readonly lastFailure?: FailureCause;
  /** Full circuit name, scope included. */
  readonly circuit?: string;
  /** S3's own error code, as sent: `SlowDown`, `NoSuchKey`. */
  readonly s3Code?: string;
  readonly httpStatus?: number;
  readonly requestId?: string;
  /** Requests sent for the operation, including the first. */
  readonly attempts?: number;
}

/**
 * The one error class of the program: a failure that a user can act on.
 *
 * The message is lower case, names the failure and the object, and has no final stop, stack or secret.
 * Programming errors stay plain `Error`/`TypeError` and are reported as `internal`.
 */
export class BreakwaterError extends Error {
  override readonly name = 'BreakwaterError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Ends a switch over a closed union, so that the compiler finds a missing case. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
