import { execFileSync } from 'node:child_process';
import { hostname } from 'node:os';

/** `ps` shows whole seconds, and Node reads the clock a little after the process has begun, in ms. */
const TOLERANCE_MS = 2000;
/** Longest wait for `ps`, in ms; it takes about 5. */
const PS_TIMEOUT_MS = 1000;

const MARK = 'unix-ms:';
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

interface Owner {
  readonly pid: number;
  readonly startTime: string | null;
  readonly host: string;
}

interface System {
  readonly isNumberTaken: (pid: number) => boolean;
  readonly host?: string;
  /** What `ps` prints of a process: its state and its start. @throws if there is none */
  readonly ps?: (pid: number) => string;
}

/** The start of this process as others can compare it: on the clock, because macOS has no /proc to count from. */
export function describeStart(startedAtMs: number): string {
  return `${MARK}${Math.round(startedAtMs)}`;
}

/**
 * Whether a process of macOS is alive. Dead: the PID is unused, a zombie's, or that of a process which began after the
 * owner had described itself. Anything else that has the PID counts as the owner: its number came with a shell that
 * became it (`exec`), or the clock was set back. Unknown: it runs on another machine, or `ps` does not answer.
 *
 * Starts `ps` only if the PID is in use; `kill` alone answers for one that is free.
 */
export function checkMacProcess(
  { pid, startTime, host }: Owner,
  { isNumberTaken, host: ownHost = hostname(), ps = runPs }: System,
): 'alive' | 'dead' | 'unknown' {
  if (startTime?.startsWith(MARK) !== true || host !== ownHost) return 'unknown';
  if (!isNumberTaken(pid)) return 'dead';
  const found = readPs(pid, ps);
  if (found === null) return 'unknown';
  const isLater = found.startedAtMs > Number(startTime.slice(MARK.length)) + TOLERANCE_MS;
  return found.isZombie || isLater ? 'dead' : 'alive';
}

function readPs(pid: number, ps: (pid: number) => string) {
  try {
    const match = /^(\S+)\s+\w{3}\s+(\w{3})\s+(\d+)\s+(\d+):(\d+):(\d+)\s+(\d{4})\s*$/.exec(ps(pid).trim());
    if (match === null) return null;
    const [, state = '', month = '', ...rest] = match;
    const [day = 0, hour, minute, second, year = 0] = rest.map(Number);
    // oxlint-disable-next-line no-restricted-globals -- not the time: only what `ps` has written, as a number
    const startedAtMs = Date.UTC(year, MONTHS.indexOf(month) / 3, day, hour, minute, second);
    return { isZombie: state.startsWith('Z'), startedAtMs };
  } catch {
    return null;
  }
}

/** Both systems have it there. In the C locale and UTC, because `lstart` is in the words and the zone of the user. */
function runPs(pid: number): string {
  return execFileSync('/bin/ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], {
    env: { LC_ALL: 'C', TZ: 'UTC' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: PS_TIMEOUT_MS,
  });
}
