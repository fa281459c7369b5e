import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { kill, pid as ownPid } from 'node:process';

import type { ProcessIdentity } from '../circuit/circuit.ts';

/**
 * This process, as others will later look for it. On Linux from /proc (proc_pid_stat(5), pid_namespaces(7)); elsewhere
 * start time, boot and namespace are null, and only the end of its lease frees what it held.
 * @param command the command without arguments: `put`
 */
export function identifyProcess(command: string): ProcessIdentity {
  return {
    pid: ownPid,
    startTime: readStat(ownPid)?.startTime ?? null,
    bootId: readBootId(),
    pidNamespace: readPidNamespace(),
    host: hostname(),
    command,
  };
}

/**
 * Whether a process may still be alive. False only for certain: same boot, same process namespace, and its number
 * is free, waits to be reaped, or is another's by now. What cannot be told from here counts as alive.
 */
export function isProcessAlive(identity: ProcessIdentity): boolean {
  const { pid, startTime, bootId, pidNamespace } = identity;
  if (bootId === null || pidNamespace === null) return true;
  if (bootId !== readBootId() || pidNamespace !== readPidNamespace()) return true;
  if (!isNumberTaken(pid)) return false;
  // With /proc mounted hidepid, the processes of others have no entry there though they live.
  const stat = readStat(pid);
  if (stat === null) return true;
  if (stat.state === 'Z' || stat.state === 'X') return false;
  return startTime === null || stat.startTime === startTime;
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
  // The second field is the name in brackets, which may itself hold brackets and blanks; counting begins behind it.
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
