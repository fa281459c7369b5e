import type { BreakwaterError, ErrorCode } from '../../errors.ts';

/** The status of every error code except `interrupted`, whose status is its signal's. A contract: add, never change. */
const STATUSES: Readonly<Record<Exclude<ErrorCode, 'interrupted'>, number>> = {
  usage: 2,
  partial: 3,
  checksum_mismatch: 65,
  object_changed: 65,
  not_found: 66,
  unavailable: 69,
  push_failed: 69,
  internal: 70,
  local_create: 73,
  exists: 73,
  local_io: 74,
  source_changed: 74,
  circuit_open: 75,
  deadline: 75,
  locked: 75,
  rejected: 76,
  access_denied: 77,
  config: 78,
};

const INTERRUPTED: Readonly<Record<string, number>> = {
  sighup: 129,
  sigint: 130,
  sigterm: 143,
  // The reader has stopped reading, as in `| head`, which is not an error.
  closed_pipe: 0,
};

/** The exit status for this error. The status of an interruption depends on its reason. */
export function exitStatusOf({ code, details }: Pick<BreakwaterError, 'code' | 'details'>): number {
  return code === 'interrupted' ? (INTERRUPTED[details.reason ?? 'sigint'] ?? 130) : STATUSES[code];
}
