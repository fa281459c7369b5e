/**
 * Met: `put -r` of three files, begun again each time while S3 refused every write, never opened its circuit: nine failures in a
 *   row, and a count of 3.
 * Cause: a run that is begun again lists what the last one has stored, and the success of that listing cleared the count of
 *   `s3-upload`.
 * Fix: what went well says something about the circuit of its own kind only; a listing of a put is neutral.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

it('opens the circuit at the fifth failed write, whatever was listed between', async () => {
  await using sandbox = await startTestSandbox();
  sandbox.addFault('PutObject:503:ServiceUnavailable');
  await using program = await Program.create({ ...sandbox.env, BREAKWATER_RETRIES: '0' });
  await mkdir(program.path('three'));
  for (const name of ['a', 'b', 'c']) await writeFile(program.path('three', name), name);
  const put = async () => await program.run(['put', '-r', '--json', 'three/', 's3://bucket/x/']);
  const first = await put();
  await put();
  expect(sandbox.requests().map(({ operation }) => operation)).toContain('ListObjectsV2');
  const third = await put();
  expect([first.status, third.status]).toEqual([69, 75]);
  expect(readDocument(third).error).toMatchObject({ code: 'circuit_open' });
  expect(sandbox.requests().filter(({ operation }) => operation === 'PutObject')).toHaveLength(6);
});
