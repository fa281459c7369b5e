import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { kill, platform } from 'node:process';
import { externalDataInterceptor } from '@smithy/core/config';
import { onAbort } from '../../abort.ts';
import { explainSystemError } from '../../files/system-error.ts';
import { readTokenFile } from './token-file.ts';

/** The most that a program may print, in bytes; as `exec` of Node has it. */
const OUTPUT_MAX_BYTES = 1024 * 1024;

/** As `exec` calls back, once promisified. */
type Callback = (error: Error | null, printed?: { readonly stdout: string }) => void;

/**
 * Makes the SDK end each `credential_process` with the signal, and read tokens only from regular files. By itself it never
 * ends a program: if one hangs, each run from a crontab would leave another one behind. And it would wait forever for the
 * writer of a named pipe, deaf to signals.
 */
export function endProgramsWith(signal: AbortSignal): void {
  const exec = (command: string, callback: Callback): void => runProgram(command, { signal, callback });
  // The SDK asks it for `exec`, and for the path of a token before it reads that; otherwise it is for the SDK's own tests.
  externalDataInterceptor.getTokenRecord = () =>
    new Proxy({}, { get: (_none, name) => (name === 'exec' ? exec : readTokenFile(String(name))) });
}

function runProgram(
  command: string,
  { signal, callback }: { readonly signal: AbortSignal; readonly callback: Callback },
): void {
  // A shell may have started other processes. Without a terminal they get a group of their own, which can be ended as a
  // whole. With one, they must stay in the foreground, because they may ask there, and Ctrl-C reaches all of them anyway.
  const isGroup = platform !== 'win32' && !hasTerminal();
  const child: ChildProcess = spawn(command, { shell: true, detached: isGroup, windowsHide: true });
  const ended = onAbort(signal, () => endProgram(child, isGroup));
  child.on('error', (error) => {
    // Otherwise it could not be ended, such as one of another user; the wait for it ends all the same.
    if (child.pid !== undefined) return;
    ended[Symbol.dispose]();
    const why = explainSystemError(error) ?? error.message;
    callback(new Error(`its credential_process could not be started: ${why}`, { cause: error }));
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let bytes = 0;
  const collect = (into: Buffer[]) => (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > OUTPUT_MAX_BYTES) endProgram(child, isGroup);
    else into.push(chunk);
  };
  // Without descriptors left there are none, and only the error above follows.
  child.stdout?.on('data', collect(stdout));
  child.stderr?.on('data', collect(stderr));
  child.once('close', (status, killedBy) => {
    if (child.pid === undefined) return;
    ended[Symbol.dispose]();
    if (bytes > OUTPUT_MAX_BYTES) callback(new RangeError('stdout maxBuffer length exceeded'));
    else if (status === 0) callback(null, { stdout: Buffer.concat(stdout).toString() });
    else {
      const how = status === null ? `ended by ${killedBy ?? 'a signal'}` : `status ${status}`;
      callback(new Error(`Command failed (${how}): ${command}\n${Buffer.concat(stderr).toString()}`));
    }
  });
}

function endProgram(child: ChildProcess, isGroup: boolean): void {
  if (!isGroup || child.pid === undefined) {
    child.kill();
    return;
  }
  try {
    kill(-child.pid, 'SIGTERM');
  } catch {
    // It has just ended by itself.
  }
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
