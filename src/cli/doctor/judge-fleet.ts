import { adviseFleet, describeFleetFailure, explainFleetFailure } from '../../breaker/explain-fleet-failure.ts';
import type { FleetFailureCode } from '../../circuit/fleet-store.ts';
import { formatDuration } from '../../duration.ts';
import type { ErrorCode } from '../../errors.ts';
import { failed, ok, warning, type Finding } from './check.ts';

/** What was measured of a fleet. */
export interface MeasuredFleet {
  /** The engine, without user and password. */
  readonly engine: string;
  /** A connection and the first answer, in ms. */
  readonly connectedInMs: number;
  /** One more answer over the same connection, in ms. */
  readonly roundTripMs: number;
  /** How far this machine is ahead of the engine, in ms. */
  readonly offsetMs: number;
  readonly quorum: number;
  readonly host: string;
  /** Other hosts that have lately failed, as far as the circuits of this scope know them. */
  readonly otherHosts: readonly string[];
  /** Circuits of the fleet that refuse calls now. */
  readonly refusing: readonly string[];
  /** Whether state changes are kept for `breaker-status --history`. */
  readonly keepsHistory: boolean;
}

/** The settings are wrong; everything else may be different later. */
const MISTAKES: ReadonlySet<FleetFailureCode> = new Set([
  'no_auth',
  'wrong_password',
  'no_permission',
  'no_database',
  'protected_mode',
  'not_trusted',
  'tls_failed',
  'is_cluster',
  'bad_answer',
]);

interface EngineFailure {
  readonly code: FleetFailureCode;
  /** How long it was waited for, in ms. */
  readonly limitMs: number;
  /** Whether it could be read, and a change failed. */
  readonly isRead: boolean;
}

export function judgeFleetFailure(engine: string, { code, limitMs, isRead }: EngineFailure): Finding {
  const why = explain(engine, { code, limitMs, isRead });
  const status: ErrorCode = MISTAKES.has(code) ? 'config' : 'unavailable';
  return failed(status, `${why}: this host decides by its own circuits`, {
    hint: adviseFleet(code),
    reason: `fleet_${code}`,
    facts: { engine, problem: code },
  });
}

function explain(engine: string, { code, limitMs, isRead }: EngineFailure): string {
  const late = `within ${formatDuration(limitMs)}`;
  if (isRead) {
    const why = code === 'timeout' ? `it does not answer the script ${late}` : describeFleetFailure(code);
    return `the fleet at ${engine} can be read, but its circuits cannot be changed: ${why}`;
  }
  if (code === 'timeout') return `the fleet at ${engine} does not answer ${late}`;
  return explainFleetFailure({ name: engine }, code);
}

export function judgeFleet(fleet: MeasuredFleet, { timeoutMs }: { readonly timeoutMs: number }): Finding {
  const { engine, connectedInMs, roundTripMs, offsetMs, quorum, host, otherHosts, refusing, keepsHistory } = fleet;
  const facts = {
    engine,
    connected_in_ms: round(connectedInMs),
    round_trip_ms: round(roundTripMs),
    offset_ms: Math.round(offsetMs),
    quorum,
    host,
    other_hosts: otherHosts,
    refusing,
    keeps_history: keepsHistory,
  };
  if (connectedInMs > timeoutMs) {
    const message = `${engine} answers after ${round(connectedInMs)} ms, later than --fleet-timeout (${formatDuration(timeoutMs)}): this host decides by its own circuits`;
    return warning(message, { hint: 'raise --fleet-timeout, or use a closer engine', reason: 'fleet_timeout', facts });
  }
  if (refusing.length > 0) {
    const message = `${refusing.join(', ')} refused by ${quorum} or more hosts`;
    return warning(message, { hint: 'see breakwater breaker-status', reason: 'circuit_open', facts });
  }
  if (!keepsHistory) {
    const message = `${engine} keeps no history: it refuses lpush, ltrim or pexpire, and circuits work without`;
    return warning(message, { hint: adviseFleet('no_permission'), reason: 'fleet_no_history', facts });
  }
  const others =
    otherHosts.length === 0 ? 'no other host has failed lately' : `others with failures: ${otherHosts.join(', ')}`;
  return ok(`${engine} answers in ${round(roundTripMs)} ms, quorum ${quorum}, as host ${host}; ${others}`, facts);
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
