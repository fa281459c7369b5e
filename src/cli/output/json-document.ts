import { causeDocument, isolationDocument } from '../../breaker/circuit-document.ts';
import { formatTime } from '../../clock.ts';
import type { BreakwaterError } from '../../errors.ts';
import type { FailureDocument } from '../../documents/failure-document.ts';
import type { CommandResult } from '../command-run.ts';
import { exitStatusOf } from './exit-status.ts';

/** The document of a successful command. */
export function successDocument(command: string, json: CommandResult['json']): Readonly<Record<string, unknown>> {
  return { ok: true, command, ...json };
}

/**
 * The document of a failure. Every field of `error` is always present; null means unknown. `command` is null for an
 * unknown command; `json` has the result that came with the failure, if any.
 */
export function failureDocument(
  command: string | null,
  error: BreakwaterError,
  json: CommandResult['json'] = null,
): Readonly<Record<string, unknown>> {
  return { ok: false, command, error: describeFailure(error), ...json };
}

/** Why a command failed, for its document and its line of the log. */
export function describeFailure(error: BreakwaterError): FailureDocument {
  const { details } = error;
  return {
    code: error.code,
    reason: details.reason ?? null,
    message: error.message,
    hint: details.hint ?? null,
    exit_status: exitStatusOf(error),
    retry_after_ms: details.retryAfterMs ?? null,
    circuit: details.circuit ?? null,
    http_status: details.httpStatus ?? null,
    request_id: details.requestId ?? null,
    attempts: details.attempts ?? null,
    s3_code: details.s3Code ?? null,
    retry_at: details.retryAtMs === undefined ? null : formatTime(details.retryAtMs),
    isolation: details.isolation === undefined ? null : isolationDocument(details.isolation),
    last_error: causeDocument(details.lastFailure ?? null),
  };
}
