import type { CircuitView } from '../circuit/circuit-view.ts';
import type { CircuitState, FailureCause, ProcessIdentity, Transition } from '../circuit/circuit.ts';
import { formatClock, formatTime } from '../clock.ts';
import { assertNever } from '../errors.ts';
import { formatTimeLeft } from './progress/progress-text.ts';

/** A state as a word. With `capitals`, states that need attention are in capitals. */
export function nameState(state: CircuitState, { capitals = false }: { readonly capitals?: boolean } = {}): string {
  const word = state.replace('_', '-');
  return capitals && state !== 'closed' ? word.toUpperCase() : word;
}

/** `s3-upload@eu-west-1 is closed (was open)` */
export function formatChange({ circuit, from, to }: Transition): string {
  if (!circuit.includes('@'))
    return `every scope of ${circuit} is ${to === 'closed' ? 'no longer isolated' : nameState(to)}`;
  return `${circuit} is ${nameState(to)} (was ${nameState(from)})`;
}

/** The viewpoint of the reader. */
interface Viewer {
  /** Processes on this host are named without it; null always shows the host. */
  readonly host: string | null;
}

/** How the next call is treated, and for how long. */
export function formatNextCall({ refusal, retryAfterMs, state, row }: CircuitView, { host }: Viewer): string {
  switch (refusal) {
    case 'open':
      return `probe in ${formatTimeLeft(retryAfterMs ?? 0)}`;
    case 'probe_in_progress': {
      if (row.lease === null) return 'refused: probing';
      const { owner } = row.lease;
      return `probe: ${owner.command} ${owner.pid}${formatHost(owner, host)}`;
    }
    case 'isolated':
      return retryAfterMs === null ? 'refused until reset' : `refused for ${formatTimeLeft(retryAfterMs)}`;
    case null:
      return state === 'half_open' ? 'allowed as a probe' : 'allowed';
    default:
      return assertNever(refusal);
  }
}

/** When a refused call would be allowed, on the clock and from now; null where no time is known. */
export function formatAllowedAgain(
  { refusal, retryAfterMs }: Pick<CircuitView, 'refusal' | 'retryAfterMs'>,
  nowMs: number,
): string | null {
  if (refusal === null || retryAfterMs === null) return null;
  const when = `at ${formatClock(nowMs + retryAfterMs, nowMs)}, in ${formatWait(retryAfterMs)}`;
  return refusal === 'probe_in_progress'
    ? `allowed again when the probe ends; its time is up ${when}, unless renewed`
    : `allowed again ${when}`;
}

/** A wait, rounded up: `42 s`, `12 min`, `3 h`, `2 d`. */
function formatWait(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.ceil(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.ceil(seconds / 3600)} h`;
  return `${Math.ceil(seconds / 86_400)} d`;
}

/** An age in its largest unit, so that it rarely changes: `12 s`, `3 min`, `2 h`, `4 d`. */
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

/** `put (pid 4711)`, or `put (pid 4711 on host-b)` unless it is a process of `host`. */
export function nameProcess(process: ProcessIdentity, { host }: Viewer): string {
  return `${process.command} (pid ${process.pid}${formatHost(process, host)})`;
}

function formatHost(process: ProcessIdentity, host: string | null): string {
  return process.host === host ? '' : ` on ${process.host}`;
}

/** Why a state changed: `threshold reached: SlowDown`. */
export function formatReason({ why, cause, manual }: Transition): string {
  return [why.replaceAll('_', ' '), cause?.code ?? '', manual?.reason ?? ''].filter((part) => part !== '').join(': ');
}

/** A time in UTC: `12:04:09` for today, `01-31 12:04` for another day. */
export function formatMoment(ms: number, nowMs: number): string {
  const [day = '', time = ''] = formatTime(ms).split('T');
  const isToday = day === formatTime(nowMs).split('T')[0];
  return isToday ? time.slice(0, 8) : `${day.slice(5)} ${time.slice(0, 5)}`;
}

/** A quantile, as the upper bound of its histogram bucket: `250ms`, `2.5s`. */
export function formatQuantile(ms: number | null): string {
  if (ms === null) return '-';
  if (!Number.isFinite(ms)) return '>300s';
  return ms < 1000 ? `${ms}ms` : `${ms / 1000}s`;
}

/** The share of errors in whole percent. Only exact 0 and 1 show as 0% and 100%. */
export function formatErrorShare(successes: number, errors: number): string {
  const all = successes + errors;
  if (all === 0) return '-';
  if (errors === 0) return '0%';
  return errors === all ? '100%' : `${Math.min(99, Math.max(1, Math.round((errors / all) * 100)))}%`;
}

export function sumUp(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
