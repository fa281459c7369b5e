import type { FailureCause, HostRecord, ManualChange, ProcessIdentity, Transition } from '../circuit/circuit.ts';
import { formatTime } from '../clock.ts';
import type {
  CauseDocument,
  ChangeDocument,
  CircuitDocument,
  FleetDocument,
  HostDocument,
  IsolationDocument,
  ManualDocument,
  ProcessDocument,
} from '../documents/circuit-documents.ts';
import type { InspectedFleet } from './fleet-circuits.ts';
import type { InspectedCircuit } from './inspect-circuits.ts';

/** One circuit in the output of `breaker-status --json`. Times are ISO 8601; null means none. */
export function circuitDocument({ view, refused, trip }: InspectedCircuit): CircuitDocument {
  const { row } = view;
  return {
    name: row.name,
    state: view.state,
    would_refuse: view.refusal !== null,
    reason: view.refusal,
    retry_after_ms: view.retryAfterMs,
    next_probe_in_ms: view.nextProbeInMs,
    failures: row.failures,
    failure_threshold: row.failureThreshold,
    successes: row.successes,
    success_threshold: row.successThreshold,
    epoch: row.epoch,
    opened_at: timeOrNull(row.openedAtMs),
    open_for_ms: row.openForMs,
    changed_at: timeOrNull(row.changedAtMs),
    opened_by: trip === null ? null : processDocument(trip.process),
    refused_since_opened: refused,
    probe:
      row.lease === null
        ? null
        : { expires_at: formatTime(row.lease.expiresAtMs), process: processDocument(row.lease.owner) },
    last_error: causeDocument(row.lastFailure),
    manual: manualDocument(view.isolation ?? row.manual),
    isolation: view.isolation === null ? null : isolationDocument(view.isolation),
    ...(row.hosts === undefined ? {} : { hosts: row.hosts.map(hostDocument) }),
  };
}

function hostDocument({ host, failures, atMs }: HostRecord): HostDocument {
  return { host, failures, at: formatTime(atMs) };
}

/** What is known of a fleet's engine. */
export function engineDocument(engine: NonNullable<InspectedFleet['engine']>): FleetDocument {
  const { name, problem, answeredAgoMs, newer = [], historyProblem = null } = engine;
  return {
    engine: name,
    problem,
    answered_ms_ago: answeredAgoMs === null ? null : Math.round(answeredAgoMs),
    ...(newer.length === 0 ? {} : { newer_circuits: newer }),
    ...(historyProblem === null ? {} : { history_problem: historyProblem }),
  };
}

/** One state change in the output of `breaker-status --history --json`. */
export function transitionDocument(transition: Transition): ChangeDocument {
  const { circuit, atMs, from, to, epoch, why, cause, manual, process } = transition;
  return {
    at: formatTime(atMs),
    circuit,
    from,
    to,
    epoch,
    why,
    cause: causeDocument(cause),
    manual: manualDocument(manual),
    process: processDocument(process),
  };
}

/** An isolation that refuses calls; `circuit` is the name that was isolated. */
export function isolationDocument({ of, ...manual }: ManualChange & { readonly of: string }): IsolationDocument {
  return { circuit: of, ...manualDocument(manual) };
}

export function causeDocument(cause: FailureCause | null): CauseDocument | null {
  if (cause === null) return null;
  const { atMs, code, message, httpStatus, requestId, process } = cause;
  return {
    at: formatTime(atMs),
    code,
    message,
    http_status: httpStatus,
    request_id: requestId,
    process: processDocument(process),
  };
}

function manualDocument(manual: ManualChange): ManualDocument;
function manualDocument(manual: ManualChange | null): ManualDocument | null;
function manualDocument(manual: ManualChange | null): ManualDocument | null {
  if (manual === null) return null;
  const { by, atMs, reason, untilMs } = manual;
  return { by, at: formatTime(atMs), reason, until: timeOrNull(untilMs) };
}

function processDocument({ pid, host, command }: ProcessIdentity): ProcessDocument {
  return { pid, host, command };
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : formatTime(ms);
}
