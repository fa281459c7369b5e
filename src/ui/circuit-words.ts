import type { CircuitView } from '../circuit/circuit-view.ts';
import type { CircuitState, FailureCause, ProcessIdentity, Transition } from '../circuit/circuit.ts';
import { formatTime } from '../clock.ts';
import { assertNever } from '../errors.ts';
import { formatTimeLeft } from './progress/progress-text.ts';

/** A state as the lamp's word; what needs attention is in capitals. */
export const STATE_WORDS: Readonly<Record<CircuitState, string>> = {
  closed: 'closed',
  open: 'OPEN',
  half_open: 'HALF-OPEN',
  isolated: 'ISOLATED',
};

/** What the next call would meet, and for how long. */
export function formatNextCall({ refusal, retryAfterMs, state, row }: CircuitView, nowMs: number): string {
  switch (refusal) {
    case 'open':
      return `probe in ${formatTimeLeft(retryAfterMs ?? 0)}`;
    case 'probe_in_progress': {
      const owner = row.lease?.owner;
      return owner === undefined ? 'refused: probing' : `probe: ${owner.command} ${owner.pid}`;
    }
    case 'isolated': {
      const untilMs = row.manual?.untilMs ?? null;
      return untilMs === null ? 'refused until reset' : `refused for ${formatTimeLeft(untilMs - nowMs)}`;
    }
    case null:
      return state === 'half_open' ? 'a probe is due' : 'goes out';
    default:
      return assertNever(refusal);
  }
}

/** How long ago, in one unit that is coarse enough to stand still: `12 s`, `3 min`, `2 h`, `4 d`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `SlowDown, HTTP 503, request id 4F2A` */
export function formatCause({ code, httpStatus, requestId }: FailureCause): string {
  return [
    code,
    ...(httpStatus === null ? [] : [`HTTP ${httpStatus}`]),
    ...(requestId === null ? [] : [`request id ${requestId}`]),
  ].join(', ');
}

/** `put (pid 4711)`; the host only where it is another than ours. */
export function nameProcess({ command, pid, host }: ProcessIdentity, ownHost: string): string {
  return `${command} (pid ${pid}${host === ownHost ? '' : ` on ${host}`})`;
}

/** Why a state changed, with what caused it: `threshold reached: SlowDown`. */
export function formatReason({ why, cause, manual }: Transition): string {
  return [why.replaceAll('_', ' '), cause?.code ?? '', manual?.reason ?? ''].filter((part) => part !== '').join(': ');
}

/** A time of today in UTC as `12:04:09`, another one with its day. */
export function formatMoment(ms: number, nowMs: number): string {
  const [day = '', time = ''] = formatTime(ms).split('T');
  const isToday = day === formatTime(nowMs).split('T')[0];
  return isToday ? time.slice(0, 8) : `${day.slice(5)} ${time.slice(0, 5)}`;
}

/** A duration that a share of the operations stayed below, as the bound of its bucket: `250ms`, `2.5s`. */
export function formatQuantile(ms: number | null): string {
  if (ms === null) return '-';
  if (!Number.isFinite(ms)) return '>300s';
  return ms < 1000 ? `${ms}ms` : `${ms / 1000}s`;
}

/** Errors among what was tried, in whole percent; never 0 % or 100 % unless it is so. */
export function formatErrorShare(successes: number, errors: number): string {
  const all = successes + errors;
  if (all === 0) return '-';
  if (errors === 0) return '0%';
  return errors === all ? '100%' : `${Math.min(99, Math.max(1, Math.round((errors / all) * 100)))}%`;
}

export function sumUp(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
