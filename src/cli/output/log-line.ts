import type { AttemptFailure } from '../../circuit/circuit.ts';
import type { Event } from '../../events.ts';
import type { LogDocument } from '../../documents/outputs.ts';
import { assertNever, type BreakwaterError } from '../../errors.ts';
import { describeFailure } from './json-document.ts';
import type { LogLevel } from '../../documents/log-lines.ts';
import { escapeControls } from '../../escape.ts';
import { formatWaitReason } from '../../ui/progress/progress-text.ts';
import type { OperationTarget } from '../../operations.ts';

/** Of each kind of line, what is left without what every line has. */
type FactsOf<Line> = Line extends LogDocument ? Omit<Line, 'time' | 'level' | 'event' | 'message'> : never;

/** One line for stderr, before it is formatted as text or JSON. */
export interface LogLine {
  readonly level: LogLevel;
  /** The kind of the event in snake_case, or `error`. */
  readonly event: LogDocument['event'];
  readonly text: string;
  // oxlint-disable-next-line typescript/no-generated-empty-object-type -- a line such as credentials_sought has no more
  readonly fields: FactsOf<LogDocument>;
}

/** Events that are logged at level `debug`. */
export const DEBUG_KINDS: ReadonlySet<Event['kind']> = new Set([
  'attempt_failed',
  'operation_finished',
  'circuit_refused',
  'result_ignored',
  'deletes_adapted',
  'not_verified',
  'credentials_sought',
  'fleet_failed',
]);

/** The log line of an event; null for events that only progress and metrics read. */
export function eventLine(event: Event): LogLine | null {
  switch (event.kind) {
    case 'attempt_failed':
      return {
        level: 'debug',
        event: event.kind,
        text: `${nameTarget(event)}: attempt ${event.attempt} failed: ${formatAttempt(event.failure)}`,
        fields: { ...targetFields(event), attempt: event.attempt, ...failureFields(event.failure) },
      };
    case 'retry_scheduled':
      return retryLine(event);
    case 'operation_finished':
      return finishedLine(event);
    case 'circuit_changed':
    case 'circuit_refused':
    case 'result_ignored':
      return circuitLine(event);
    case 'wait_started':
      return waitLine(event);
    case 'deletes_adapted':
      return dialectLine(event);
    case 'not_verified':
      return unverifiedLine(event);
    case 'credentials_sought':
      return { level: 'debug', event: event.kind, text: `credentials: ${event.message}`, fields: {} };
    case 'fleet_failed':
      return fleetLine(event);
    case 'warning':
      return { level: 'warning', event: event.kind, text: event.message, fields: { reason: event.reason } };
    case 'operation_started':
    case 'wait_ended':
    case 'request_started':
    case 'request_ended':
    case 'failures_counted':
    case 'transfer_started':
    case 'bytes_moved':
    case 'transfer_finished':
    case 'objects_swept':
    case 'sweep_finished':
      return null;
    default:
      return assertNever(event);
  }
}

function fleetLine({ kind, operation, code }: Extract<Event, { kind: 'fleet_failed' }>): LogLine {
  return { level: 'debug', event: kind, text: `fleet: ${operation} failed: ${code}`, fields: { operation, code } };
}

function finishedLine(event: Extract<Event, { kind: 'operation_finished' }>): LogLine {
  const { kind, result, code, durationMs, bytes } = event;
  return {
    level: 'debug',
    event: kind,
    text: `${nameTarget(event)}: ${code ?? result} after ${formatSeconds(durationMs)}`,
    fields: { ...targetFields(event), result, code, duration_ms: Math.round(durationMs), bytes },
  };
}

/** The log line of a failure. */
export function errorLine(error: BreakwaterError): LogLine {
  const { code, details, message } = error;
  const facts = [
    code,
    ...(details.httpStatus === undefined ? [] : [`HTTP ${details.httpStatus}`]),
    ...(details.requestId === undefined ? [] : [`request id ${details.requestId}`]),
    ...(details.attempts === undefined
      ? []
      : [`${details.attempts} ${details.attempts === 1 ? 'attempt' : 'attempts'}`]),
  ];
  return {
    level: 'error',
    event: 'error',
    text: `${message} (${facts.join(', ')})`,
    // Only a log in JSON asks for them.
    get fields() {
      return { error: describeFailure(error) };
    },
  };
}

/** `2 s`, `0.25 s` */
export function formatSeconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(ms < 10_000 ? 2 : 0))} s`;
}

type CircuitEvent = Extract<Event, { kind: 'circuit_changed' | 'circuit_refused' | 'result_ignored' }>;

function circuitLine(event: CircuitEvent): LogLine {
  if (event.kind === 'circuit_changed') {
    const { circuit, from, to, why, epoch, cause } = event.transition;
    const because = cause === null ? '' : `: ${cause.code}`;
    return {
      level: to === 'open' ? 'warning' : 'notice',
      event: event.kind,
      text: `circuit ${circuit}: ${from} -> ${to}, ${why.replaceAll('_', ' ')}${because}`,
      fields: { circuit, from, to, why, epoch, code: cause?.code ?? null },
    };
  }
  if (event.kind === 'circuit_refused') {
    const { circuit, reason, retryAfterMs } = event.refusal;
    return {
      level: 'debug',
      event: event.kind,
      text: `circuit ${circuit} refused: ${reason}`,
      fields: { circuit, reason, retry_after_ms: retryAfterMs },
    };
  }
  const { circuit, verdict, state, permitEpoch, epoch } = event;
  return {
    level: 'debug',
    event: event.kind,
    text: `circuit ${circuit}: ignored a stale ${verdict} from epoch ${permitEpoch}, now ${epoch} (${state})`,
    fields: { circuit, verdict, state, permit_epoch: permitEpoch, epoch },
  };
}

function dialectLine(event: Extract<Event, { kind: 'deletes_adapted' }>): LogLine {
  const { bucket, form, hasMd5, condition } = event;
  const how = form === 'single' ? 'one by one, because the store has no DeleteObjects' : 'in batches';
  const md5 = hasMd5 ? ', with Content-MD5' : '';
  return {
    level: 'debug',
    event: event.kind,
    text: `s3://${bucket}: deletes ${how}${md5}; ${CONDITIONS[condition]}`,
    fields: { bucket, form, content_md5: hasMd5, condition },
  };
}

const CONDITIONS: Readonly<Record<Extract<Event, { kind: 'deletes_adapted' }>['condition'], string>> = {
  untested: 'it is unknown whether the store keeps objects overwritten since they were listed',
  honoured: 'the store keeps objects overwritten since they were listed',
  ignored: 'the store ignores the condition on the ETag, so objects overwritten since they were listed are deleted too',
  refused: 'the store refuses a condition on the ETag, so objects overwritten since they were listed are deleted too',
};

function unverifiedLine({ kind, name, why }: Extract<Event, { kind: 'not_verified' }>): LogLine {
  const text = `${escapeControls(name)}: not verified: ${why}`;
  return { level: 'debug', event: kind, text, fields: { name, why } };
}

function retryLine(event: Extract<Event, { kind: 'retry_scheduled' }>): LogLine {
  const { retry, retries, delayMs, failure, requests = 1 } = event;
  const count = requests === 1 ? '' : ` (${requests} requests)`;
  return {
    level: 'notice',
    event: event.kind,
    text: `${nameTarget(event)}${count}: ${failure.code}, attempt ${retry} of ${retries + 1}, next in ${formatSeconds(delayMs)}`,
    fields: { ...targetFields(event), retry, retries, delay_ms: delayMs, ...failureFields(failure) },
  };
}

function waitLine({ kind, reason, circuit, atMostMs }: Extract<Event, { kind: 'wait_started' }>): LogLine {
  const limit = atMostMs === null ? '' : `, at most ${formatSeconds(atMostMs)}`;
  return {
    level: 'notice',
    event: kind,
    text: `waiting: ${formatWaitReason(reason, circuit)}${limit}`,
    fields: { reason, circuit, at_most_ms: atMostMs === null ? null : Math.round(atMostMs) },
  };
}

function formatAttempt({ code, message, httpStatus, requestId }: AttemptFailure): string {
  const facts = [
    ...(httpStatus === null ? [] : [`HTTP ${httpStatus}`]),
    ...(requestId === null ? [] : [`request id ${requestId}`]),
  ];
  return `${code}: ${message}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
}

function failureFields({ code, message, httpStatus, requestId }: AttemptFailure) {
  return { code, message, http_status: httpStatus, request_id: requestId };
}

function targetFields({ operation, bucket, key }: OperationTarget) {
  return { operation, bucket, key: key ?? null };
}

/** `put_object s3://bucket/key`, escaped for a terminal. */
function nameTarget({ operation, bucket, key }: OperationTarget): string {
  return `${operation} s3://${bucket}/${escapeControls(key ?? '')}`;
}
