/**
 * Met: objects that are encrypted with a key of the user's own (SSE-C) could be neither stored nor fetched (400).
 * Cause: no request had the headers of the key.
 * Fix: with `--sse-customer-key-file` every request about an object's bytes has them: puts, parts, HEADs, gets, ranges.
 */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import Get from '../../src/commands/get.ts';
import Put from '../../src/commands/put.ts';
import { startGatedStore } from '../support/gated-store.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

afterEach(() => vi.unstubAllEnvs());

async function open() {
  const sandbox = await startTestSandbox();
  const program = await Program.create(sandbox.env);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  const key = randomBytes(32);
  await writeFile(program.path('raw'), key);
  await writeFile(program.path('base64'), `${key.toString('base64')}\n`);
  await writeFile(program.path('other'), randomBytes(32));
  const run = async (
    command: typeof Get | typeof Put,
    argv: readonly string[],
    { keyFile = 'raw', env = {} }: { keyFile?: string | null; env?: Readonly<Record<string, string>> } = {},
  ) => {
    const flags = keyFile === null ? [] : ['--sse-customer-key-file', program.path(keyFile)];
    const place = { env: { ...program.env, ...env }, home: program.directory, stdin: Readable.from(['bytes']) };
    return await runInProcess(command, [...argv, ...flags], place);
  };
  const dispose = async (): Promise<void> => {
    await program[Symbol.asyncDispose]();
    await sandbox[Symbol.asyncDispose]();
  };
  return { sandbox, program, key, run, path: program.path.bind(program), [Symbol.asyncDispose]: dispose };
}

it('stores and fetches with the key, whole, in parts, in ranges and many at once', async () => {
  await using at = await open();
  const { run, path, key } = at;
  const large = randomBytes(11 * 1024 * 1024);
  await mkdir(path('tree'));
  await writeFile(path('tree', 'small'), 'secret');
  await writeFile(path('tree', 'large'), large);

  const put = ['-r', path('tree'), 's3://bucket/t/', '--part-size', '5MiB'];
  expect((await run(Put, put)).status).toBe(0);
  expect((await run(Put, ['-', 's3://bucket/stdin'], { keyFile: 'base64' })).status).toBe(0);
  expect((await run(Put, ['-', 's3://bucket/stdin', '--if-none-match'])).status).toBe(73);
  expect((await run(Get, ['-r', 's3://bucket/t/', path('back'), '--part-size', '1MiB'])).status).toBe(0);
  expect((await readFile(path('back', 'large'))).equals(large)).toBe(true);
  // Compared with HEADs.
  expect((await run(Get, ['-r', 's3://bucket/t/', path('back')])).stderr).not.toContain('failed');
  const ranged = await run(Get, ['s3://bucket/t/large', '-', '--range', '5-9'], { keyFile: 'base64' });
  expect(ranged.stdout.equals(large.subarray(5, 10))).toBe(true);

  const bare = await run(Get, ['s3://bucket/t/small', path('x')], { keyFile: null });
  expect([bare.status, bare.stderr]).toEqual([76, expect.stringContaining('--sse-customer-key-file') as string]);
  expect((await run(Get, ['s3://bucket/t/small', path('x')], { keyFile: 'other' })).status).toBe(77);
  const told = await run(Get, ['s3://bucket/t/small', path('x')], { env: { BREAKWATER_VERBOSE: 'true' } });
  for (const file of await readdir(path('state'), { recursive: true })) {
    const bytes = await readFile(join(path('state'), file));
    expect(bytes.includes(key) || bytes.includes(key.toString('base64'))).toBe(false);
  }
  expect(told.stderr + told.stdout.toString()).not.toContain(key.toString('base64'));
});

it.each([
  ['missing', 'cannot be read'],
  ['short', 'it has 5 bytes'],
  ['hex', 'it has 64 bytes'],
])('refuses a key file that is %s, and does not show it', async (name, why) => {
  await using at = await open();
  await writeFile(at.path('short'), 'abcde');
  await writeFile(at.path('hex'), at.key.toString('hex'));
  const { status, stderr } = await at.run(Put, ['-', 's3://bucket/k'], { keyFile: name });
  expect([status, stderr]).toEqual([78, expect.stringContaining(why) as string]);
  expect(stderr).not.toMatch(/abcde|[0-9a-f]{64}/);
  expect(at.sandbox.requests()).toEqual([]);
});

it('sends no key over plain HTTP, but to this machine', async () => {
  await using at = await open();
  const env = { AWS_ENDPOINT_URL_S3: 'http://s3.example.com' };
  expect(await at.run(Get, ['s3://bucket/k', at.path('k')], { env })).toMatchObject({
    status: 78,
    stderr: expect.stringContaining('plain HTTP') as string,
  });
});

it('takes no second kind of encryption', async () => {
  await using at = await open();
  expect((await at.run(Put, ['-', 's3://bucket/k', '--sse', 'AES256'])).status).toBe(2);
});

it('ends a put to a store that ignores the key, and leaves no parts', async () => {
  await using at = await open();
  await using store = await startGatedStore(() => null, { hides: /customer/ });
  const env = { AWS_ENDPOINT_URL_S3: store.env['AWS_ENDPOINT_URL_S3'] ?? '' };
  await writeFile(at.path('large'), randomBytes(6 * 1024 * 1024));
  const large = [at.path('large'), 's3://bucket/large', '--part-size', '5MiB'];
  for (const argv of [['-', 's3://bucket/k'], large]) {
    const { status, stderr } = await at.run(Put, argv, { env });
    expect([status, stderr]).toEqual([78, expect.stringContaining('the store ignores the key') as string]);
  }
  expect(store.sandbox.requests().map(({ operation }) => operation)).toEqual([
    'PutObject',
    'CreateMultipartUpload',
    'AbortMultipartUpload',
  ]);
});
