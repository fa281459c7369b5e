import type { CheckName, CheckStatus } from '../cli/doctor/check.ts';
import type { ErrorCode } from '../errors.ts';

/** One check of `doctor`. */
export interface CheckDocument {
  readonly check: CheckName;
  /** `skipped`: another check has to succeed first, or there is nothing to check. */
  readonly status: CheckStatus;
  /** For people: what was found. */
  readonly message: string;
  /** For people: what to do next; null if nothing is to be done. */
  readonly hint: string | null;
  /** The `error.code` that a transfer would end with; null unless `status` is `failed`. */
  readonly code: ErrorCode | null;
  /** A more specific word; null if there is none. */
  readonly reason: string | null;
  /** What was measured, in snake_case; empty if nothing was. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What this machine would do, and whether it can. */
export interface ChecksDone {
  /** In the order in which one check needs another. */
  readonly checks: readonly CheckDocument[];
}
