/**
 * Met: a file that was touched between a `put -r` that was cut and the next one kept its old time in S3, and `get`
 *   restored that.
 * Cause: what the cut run had stored was told by its bytes alone.
 * Fix: a file that was changed since that run started is looked at again, with its time; the others cost no request.
 */
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

it('sends a touched file again, and no other', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  const tree = program.path('tree');
  await mkdir(tree);
  for (const name of ['a', 'b', 'c']) await writeFile(join(tree, name), `file ${name}`);
  // Longer ago than any file system's unit of time.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  sandbox.addFault('PutObject:403:AccessDenied:key=t/c');
  expect((await program.run(['put', '-r', tree, 's3://bucket/t/'])).status).toBe(3);
  sandbox.clearFaults();
  await utimes(join(tree, 'b'), 1_700_000_000.25, 1_700_000_000.25);
  const before = sandbox.requests().length;
  const next = await program.run(['put', '-r', tree, 's3://bucket/t/', '--json']);
  expect(next.status).toBe(0);
  expect(readDocument(next)).toMatchObject({ objects: 2, skipped: 1 });
  const requests = sandbox.requests().slice(before);
  expect(requests.map(({ operation, key }) => `${operation} ${key}`).toSorted()).toEqual([
    'HeadObject t/b',
    'ListObjectsV2 ',
    'PutObject t/b',
    'PutObject t/c',
  ]);
  const got = await program.run(['get', 's3://bucket/t/b', 'copy', '--json']);
  expect(readDocument(got)).toMatchObject({ modified_at: '2023-11-14T22:13:20.250Z' });
});
