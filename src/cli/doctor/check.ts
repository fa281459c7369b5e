import type { ErrorCode } from '../../errors.ts';

/** What `doctor` looks at, in the order of its report. */
export const CHECK_NAMES = [
  'node',
  'settings',
  'name',
  'proxy',
  'certificates',
  'endpoint',
  'clock',
  'credentials',
  'bucket',
  'state',
  'circuits',
  'fleet',
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

/** `skipped`: another check has to succeed first, or there is nothing to check. */
export type CheckStatus = 'ok' | 'warning' | 'failed' | 'skipped';

type Facts = Readonly<Record<string, unknown>>;

/** What one check has found. */
export interface Check {
  readonly name: CheckName;
  readonly status: CheckStatus;
  /** A fragment in lower case, for people. */
  readonly message: string;
  /** What to do next; null if nothing is to be done. */
  readonly hint: string | null;
  /** With what a transfer would end because of it; null unless the check failed. */
  readonly code: ErrorCode | null;
  /** A more precise word for scripts, as of an error; null if there is none. */
  readonly reason: string | null;
  /** What was measured, in snake_case. */
  readonly facts: Facts;
}

/** The finding of a check, before it has its name. */
export type Finding = Omit<Check, 'name'>;

export function ok(message: string, facts: Facts = {}): Finding {
  return { status: 'ok', message, hint: null, code: null, reason: null, facts };
}

export function skipped(message: string, facts: Facts = {}): Finding {
  return { ...ok(message, facts), status: 'skipped' };
}

interface Trouble {
  readonly hint: string;
  readonly reason: string;
  readonly facts?: Facts;
}

export function warning(message: string, { facts = {}, ...trouble }: Trouble): Finding {
  return { status: 'warning', message, code: null, facts, ...trouble };
}

export function failed(code: ErrorCode, message: string, { facts = {}, ...trouble }: Trouble): Finding {
  return { status: 'failed', message, code, facts, ...trouble };
}
