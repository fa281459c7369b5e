import type { Clock } from '../clock.ts';
import type { EventSink } from '../events.ts';
import type { RetrySettings } from '../retry/decide-retry.ts';
import type { RequestTimeouts } from '../http/request-watch.ts';
import type { GuardedCircuit } from './guarded-circuit.ts';
import type { SettingNames } from '../setting-names.ts';
import type { WaitReport } from './wait-report.ts';

/** Shared by all guarded operations of one command. */
export interface GuardSettings extends RequestTimeouts {
  readonly retry: RetrySettings;
  /** When the whole command must end, on the monotonic clock, in ms; null for never. */
  readonly deadlineAtMs: number | null;
  /** How long a refused operation waits for its circuit, in ms. @default 0 */
  readonly waitMs: number;
  readonly probeLeaseMs: number;
}

export interface Guard {
  readonly settings: GuardSettings;
  /** The command's only circuit; null for a sweep and under `--no-breaker`, which neither check nor change any. */
  readonly circuit: GuardedCircuit | null;
  /** Delays requests while S3 throttles; null before there is a connection. */
  readonly limiter: RequestLimiter | null;
  readonly waits: WaitReport;
  /** What has set the AWS settings, for hints; asked for only after a failure. @default nothing has */
  readonly nameSettings?: () => SettingNames;
  readonly clock: Clock;
  readonly random: () => number;
  /** Aborted by process signals and by the deadline, with an `interrupted` or `deadline` error as its reason. */
  readonly signal: AbortSignal;
  readonly emit: EventSink;
}

/** The rate limiter, as the guard sees it. */
export interface RequestLimiter {
  /** False until S3 throttles; nothing is delayed until then. */
  readonly isActive: boolean;
  /** The longest wait of one request, in ms. */
  readonly waitMaxMs: number;
  /** Opens the queue of one operation; operations that started earlier go first. */
  readonly openQueue: () => RequestQueue;
}

export interface RequestQueue {
  /** Waits until the next request may be sent. @throws the signal's reason as soon as it aborts */
  readonly take: (signal: AbortSignal) => Promise<void>;
}
