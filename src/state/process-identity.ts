import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { kill, pid as ownPid, platform as ownPlatform } from 'node:process';
import { describeStart, checkMacProcess } from '../systems/macos-process.ts';

import type { ProcessIdentity } from '../circuit/circuit.ts';
import type { ProcessLife } from './state.ts';

/**
 * Identifies this process so that others can check whether it is alive. On Linux from /proc (proc_pid_stat(5),
 * pid_namespaces(7)). On macOS by its start on the clock. Elsewhere that is null, too, and leases only end by expiring.
 * @param command the command without arguments: `put`
 */
export function identifyProcess(command: string, platform = ownPlatform): ProcessIdentity {
  if (platform === 'darwin') return identifyMacProcess(command);
  return {
    pid: ownPid,
    startTime: readStat(ownPid)?.startTime ?? null,
    bootId: readBootId(),
    pidNamespace: readPidNamespace(),
    host: hostname(),
    command,
  };
}

function identifyMacProcess(command: string): ProcessIdentity {
  // oxlint-disable-next-line no-restricted-globals -- when this process began, which the Clock does not know
  const startTime = describeStart(performance.timeOrigin);
  return { pid: ownPid, startTime, bootId: null, pidNamespace: null, host: hostname(), command };
}

/** Whether a process may still be alive; unknown counts as alive. */
export function isProcessAlive(identity: ProcessIdentity): boolean {
  return checkProcess(identity) !== 'dead';
}

/**
 * Whether a process is alive, as far as this machine can see. Alive (or stopped): same boot, PID namespace, PID and
 * start time. Dead: the PID is unused, a zombie's or another process's. Unknown: it runs elsewhere or is hidden.
 */
export function checkProcess(identity: ProcessIdentity, platform = ownPlatform): ProcessLife {
  if (platform === 'darwin') return checkMacProcess(identity, { isNumberTaken });
  const { pid, startTime, bootId, pidNamespace } = identity;
  if (bootId === null || pidNamespace === null) return 'unknown';
  if (bootId !== readBootId() || pidNamespace !== readPidNamespace()) return 'unknown';
  if (!isNumberTaken(pid)) return 'dead';
  // If /proc is mounted with hidepid, living processes of other users have no entry.
  const stat = readStat(pid);
  if (stat === null) return 'unknown';
  if (stat.state === 'Z' || stat.state === 'X') return 'dead';
  if (startTime === null) return 'unknown';
  return stat.startTime === startTime ? 'alive' : 'dead';
}

function isNumberTaken(pid: number): boolean {
  try {
    kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

function readStat(pid: number): { readonly state: string; readonly startTime: string } | null {
  const text = readText(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The second field is the name in parentheses, which may contain parentheses and spaces, so count from its end.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const startTime = fields[19];
  return state === undefined || startTime === undefined ? null : { state, startTime };
}

function readBootId(): string | null {
  return readText('/proc/sys/kernel/random/boot_id');
}

function readPidNamespace(): string | null {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return null;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}
