/**
 * Met: after a `get -r` that skipped everything, the metrics counted every object as fetched: `get_object`, with success.
 * Cause: the HEAD that tells whether a file is already here was an operation `get_object` of its own.
 * Fix: a look at an object is an operation `head_object`.
 */
import { utimes } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

it('counts objects as fetched only if they were', async () => {
  await using sandbox = await startTestSandbox();
  // The times differ from the files', so that a HEAD has to tell.
  for (const key of ['t/a', 't/b', 't/c']) sandbox.putObject('bucket', key, { body: key });
  await using program = await Program.create(sandbox.env);
  const get = async () => readDocument(await program.run(['get', '-r', '--json', 's3://bucket/t/', 'here']));
  const count = async (operation: string) => {
    const { text } = await program.run(['metrics']);
    const line = `s3_operations_total{operation="${operation}",bucket="bucket",result="success"} `;
    return Number(
      text
        .split('\n')
        .find((one) => one.startsWith(line))
        ?.slice(line.length) ?? 0,
    );
  };
  expect(await get()).toMatchObject({ objects: 3, skipped: 0 });
  await utimes(program.path('here', 'a'), 1, 1);
  expect(await get()).toMatchObject({ objects: 1, skipped: 2 });
  expect(await count('get_object')).toBe(4);
  expect(await count('head_object')).toBe(1);
});
