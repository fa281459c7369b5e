/**
 * Met: `put --wait 40s --deadline 1s` of an isolated circuit said "deadline", and advised more time; the isolation had no end.
 * Cause: the deadline ended the wait for the circuit with an error of its own.
 * Fix: a wait for a circuit that the deadline ends is refused with what it waited for.
 */
import { expect, it } from 'vitest';
import { writeFile } from 'node:fs/promises';
import { Program } from '../support/program.ts';

it('is refused with the reason of the isolation', async () => {
  await using program = await Program.create({
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
  await program.run(['breaker-isolate', 's3-upload', '--reason', 'moving house']);
  const file = program.path('file');
  await writeFile(file, 'bytes');
  const { status, text } = await program.run([
    'put',
    file,
    's3://bucket/',
    '--wait',
    '40s',
    '--deadline',
    '1s',
    '--json',
  ]);
  expect(status).toBe(75);
  expect(JSON.parse(text)).toMatchObject({
    error: { code: 'circuit_open', reason: 'isolated', isolation: { reason: 'moving house' } },
  });
});
