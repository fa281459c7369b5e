import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { kill, pid as ownPid } from 'node:process';

import type { ProcessIdentity } from '../circuit/circuit.ts';
import type { ProcessLife } from './state.ts';

/**
 * This process, so that others can find out whether it is alive. On Linux from /proc (proc_pid_stat(5),
 * pid_namespaces(7)); elsewhere start time, boot and namespace are null, and only the end of a lease frees what it held.
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

/** Whether a process may still be alive: everything unknown counts as alive. */
export function isProcessAlive(identity: ProcessIdentity): boolean {
  return checkProcess(identity) !== 'dead';
}

/**
 * What this machine can tell of a process. Alive, also if it is stopped: same boot, same process namespace, same number
 * and start time. Dead: the number is free, a zombie's, or another process's. Unknown: it runs elsewhere, or is hidden.
 */
export function checkProcess({ pid, startTime, bootId, pidNamespace }: ProcessIdentity): ProcessLife {
  if (bootId === null || pidNamespace === null) return 'unknown';
  if (bootId !== readBootId() || pidNamespace !== readPidNamespace()) return 'unknown';
  if (!isNumberTaken(pid)) return 'dead';
  // With /proc mounted hidepid, living processes of other users have no entry.
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
  // The second field is the name in brackets, which may contain brackets and blanks; count from behind it.
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
