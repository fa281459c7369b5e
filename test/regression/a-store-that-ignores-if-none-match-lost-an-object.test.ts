/**
 * Met: `put --if-none-match` replaced an object of a MinIO of 2018, with status 0.
 * Cause: that store ignores `If-None-Match` on PutObject; only uploads in parts looked at the key first.
 * Fix: every upload looks at the key before it sends bytes. The condition is still sent, and S3 has the last word.
 */
import { Readable } from 'node:stream';
import { mkdir, writeFile } from 'node:fs/promises';
import { afterEach, expect, it, vi } from 'vitest';
import Put from '../../src/commands/put.ts';
import { body, prepare } from '../support/fake-upload.ts';
import { errorResponse } from '../support/fake-s3.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

afterEach(() => vi.unstubAllEnvs());

it.each([
  ['an object is there', { status: 200 }, ['head'], 'exists'],
  ['no object is there', { status: 404 }, ['head', 'put'], 'stored'],
  ['the store has no HEAD', { status: 405 }, ['head', 'put'], 'stored'],
  ['the key may not be read', errorResponse(403, 'AccessDenied'), ['head', 'put'], 'stored'],
])('looks first: %s', async (_what, response, operations, expected) => {
  const stage = prepare(body.subarray(0, 10), {
    ifNoneMatch: true,
    override: (_request, operation) => (operation === 'head' ? response : undefined),
  });
  const outcome = await stage.run().then(
    () => 'stored',
    (error: unknown) => (error as { code: string }).code,
  );
  expect([outcome, stage.operations]).toEqual([expected, operations]);
  if (operations.includes('put')) expect(stage.requests.at(-1)?.headers['if-none-match']).toBe('*');
});

it('looks first for files of a directory and for standard input, and never without the flag', async () => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  await mkdir(program.path('tree'));
  await writeFile(program.path('tree', 'a'), 'a');
  const place = { env: program.env, home: program.directory };
  const put = async (argv: readonly string[]): Promise<unknown> => {
    const before = sandbox.requests().length;
    await runInProcess(Put, argv, { ...place, stdin: Readable.from(['bytes']) });
    const made = sandbox.requests().slice(before);
    return made.map(({ operation }) => operation);
  };
  const tree = ['-r', program.path('tree'), 's3://bucket/t/'];
  expect(await put(tree)).toEqual(['PutObject']);
  expect(await put(['--if-none-match', ...tree])).toEqual(['HeadObject']);
  expect(await put(['--if-none-match', '-', 's3://bucket/t/a'])).toEqual(['HeadObject']);
  expect(await put(['--if-none-match', '-', 's3://bucket/t/b'])).toEqual(['HeadObject', 'PutObject']);
});
