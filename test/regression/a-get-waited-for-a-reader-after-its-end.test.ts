/**
 * Met: `get s3://... - | PROGRAM`, with a program that had stopped reading, said that its deadline had passed, or that it
 *   was interrupted, and did not end: it waited until the rest of its output was read.
 * Cause: the write that was under way was given up, but its bytes stayed in standard output, which is written to the end
 *   before the exit.
 * Fix: they are dropped with the transfer. The object is cut off in any case, and the status says so.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

it.each([
  ['--deadline=1s', null, 75],
  ['--deadline=1h', 'SIGTERM', 143],
] as const)('ends with %s and %s', async (deadline, signal, status) => {
  await using sandbox = await startTestSandbox();
  sandbox.putObject('bucket', 'key', { body: Buffer.alloc(4 * 1024 * 1024) });
  await using program = await Program.create(sandbox.env);
  const child = spawn(process.execPath, [BIN, 'get', 's3://bucket/key', '-', deadline], {
    env: program.env,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 10_000,
    killSignal: 'SIGKILL',
  });
  // The first bytes have come; nothing more is read, and the pipe is full.
  child.stdout.once('readable', () => {
    if (signal !== null) child.kill(signal);
  });
  expect(await once(child, 'exit')).toEqual([status, null]);
});
