import type { WaitReason } from '../../events.ts';
import { assertNever } from '../../errors.ts';
import type { Hold, TransferSnapshot, Wait } from './progress-snapshot.ts';

/** `1.5 MiB` */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
  let value = bytes;
  let index = 0;
  while (value >= 1024 && index < units.length - 1) {
    value /= 1024;
    index += 1;
  }
  const digits = index === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[index]}`;
}

/** A remaining time in whole seconds, rounded up: `0:07`, `12:30`, `3:05:00`. */
export function formatTimeLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = pad(seconds % 60);
  return hours > 0 ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

/** Bytes per second over the whole run; null before the first byte. */
export function measureRate({ startedAtMs, movedBytes }: TransferSnapshot, nowMs: number): number | null {
  const elapsedMs = startedAtMs === null ? 0 : nowMs - startedAtMs;
  return elapsedMs < 1 || movedBytes === 0 ? null : (movedBytes * 1000) / elapsedMs;
}

/** The finished share in [0, 1]; null if the total is unknown. For an empty object it is 1. */
export function measureShare({ movedBytes, totalBytes }: TransferSnapshot): number | null {
  if (totalBytes === null) return null;
  return totalBytes === 0 ? 1 : Math.min(1, movedBytes / totalBytes);
}

/**
 * `50 % of 8.0 MiB, 1.2 MiB/s, 0:04 left`, or counts if the total is unknown.
 * @param columns the room for it; numbers that do not fit are left out whole, the least important first
 */
export function formatProgress(snapshot: TransferSnapshot, nowMs: number, columns = Infinity): string {
  const parts = listProgress(snapshot, nowMs);
  const join = (): string => parts.map(({ text }) => text).join(', ');
  while (parts.length > 1 && join().length > columns) {
    const least = Math.min(...parts.map(({ worth }) => worth));
    parts.splice(
      parts.findIndex(({ worth }) => worth === least),
      1,
    );
  }
  return join();
}

interface Part {
  readonly text: string;
  /** The part of the least worth is left out first where there is no room. */
  readonly worth: number;
}

function listProgress(snapshot: TransferSnapshot, nowMs: number): Part[] {
  const { started, finished, failed, movedBytes, totalBytes, swept, inFlight } = snapshot;
  const rate = measureRate(snapshot, nowMs);
  const share = measureShare(snapshot);
  const parts: Part[] = [];
  const add = (worth: number, text: string): void => void parts.push({ text, worth });
  if (totalBytes !== null && share !== null) {
    add(9, `${Math.floor(share * 100)} % of ${formatBytes(totalBytes)}`);
  } else if (swept > 0) {
    add(9, `${swept} deleted`);
    add(5, formatBytes(movedBytes));
  } else {
    if (started > 1) add(9, `${finished} of ${started} started`);
    add(started > 1 ? 5 : 9, formatBytes(movedBytes));
  }
  if (rate !== null) add(2, `${formatBytes(rate)}/s`);
  if (totalBytes !== null && rate !== null) {
    add(4, `${formatTimeLeft((Math.max(0, totalBytes - movedBytes) / rate) * 1000)} left`);
  }
  if (inFlight > 1) add(1, `${inFlight} in flight`);
  if (failed > 0) add(6, `${failed} failed`);
  return parts;
}

/** `SlowDown, attempt 2 of 4, next in 2 s, and 3 more`, with the shortest wait; null if nothing waits. */
export function formatWaits(waits: readonly Wait[], nowMs: number): string | null {
  const pending = waits.filter(({ untilMs }) => untilMs > nowMs).toSorted((a, b) => a.untilMs - b.untilMs);
  const [first] = pending;
  if (first === undefined) return null;
  const { code, attempt, attempts, untilMs } = first;
  const more = pending.length === 1 ? '' : `, and ${pending.length - 1} more`;
  return `${code}, attempt ${attempt} of ${attempts}, next in ${Math.ceil((untilMs - nowMs) / 1000)} s${more}`;
}

/** `waiting: S3 throttles requests, at most 12 s`; null while nothing is waited for. */
export function formatHold(holds: readonly Hold[], nowMs: number): string | null {
  const hold = holds.at(-1);
  if (hold === undefined) return null;
  const { reason, untilMs } = hold;
  const limit = untilMs === null ? '' : `, at most ${Math.max(0, Math.ceil((untilMs - nowMs) / 1000))} s`;
  return `waiting: ${formatWaitReason(reason, null)}${limit}`;
}

/** Why operations wait; the log names the circuit. */
export function formatWaitReason(reason: WaitReason, circuit: string | null): string {
  const which = circuit === null ? 'the circuit' : `circuit ${circuit}`;
  switch (reason) {
    case 'open':
      return `${which} is open`;
    case 'isolated':
      return `${which} is isolated`;
    case 'probe_in_progress':
      return `another process is probing ${which}`;
    case 'own_probe':
      return `a probe of this command decides whether ${which} closes`;
    case 'rate_limit':
      return 'S3 throttles requests';
    default:
      return assertNever(reason);
  }
}
