/*
 * Met: `put - s3://... --concurrency 1` sent four parts at a time, and `--concurrency 16`, too.
 * Cause: parts of standard input had a number of their own, and the flag was for files only.
 * Fix: `--concurrency` says how many parts of standard input are in flight; without it they are four.
 */
import { Readable } from 'node:stream';
import { expect, it, vi } from 'vitest';
import Put from '../../src/commands/put.ts';
import { runInProcess } from '../support/in-process.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import { createTestState } from '../support/state.ts';

const PARTS = 6;
const PART_BYTES = 5 * 1024 * 1024;

it.each([
  [['--concurrency', '1'], 1],
  [['--concurrency', '6'], 6],
  [[], 4],
])('with %j, %i parts are sent before one is answered', async (flags, sent) => {
  await using sandbox = await startTestSandbox();
  await using state = await createTestState();
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  const env = { ...sandbox.env, BREAKWATER_STATE_DIR: state.directory };
  sandbox.addFault('UploadPart:hang');
  const words = [
    '-',
    's3://bucket/key',
    '--part-size',
    '5MiB',
    '--retries',
    '0',
    '--request-timeout',
    '400ms',
    ...flags,
  ];
  const stdin = Readable.from(Array.from({ length: PARTS }, () => Buffer.alloc(PART_BYTES)));
  const { status } = await runInProcess(Put, words, { env, home: '/nonexistent', stdin });
  const parts = sandbox.requests().filter(({ operation }) => operation === 'UploadPart');
  expect([status, parts.length]).toEqual([69, sent]);
});
