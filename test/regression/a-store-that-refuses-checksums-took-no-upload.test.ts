/**
 * Met: a store that refuses the newer checksum headers took no upload and no deletion (501), even with
 * `AWS_REQUEST_CHECKSUM_CALCULATION=when_required`, the setting by which other tools leave them out.
 * Cause: that setting was not read, and every upload had a checksum.
 * Fix: the setting, its key in the profile and `--checksum none` send no such header; DeleteObjects has Content-MD5 instead.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import Get from '../../src/commands/get.ts';
import Put from '../../src/commands/put.ts';
import Sweep from '../../src/commands/sweep.ts';
import { startGatedStore } from '../support/gated-store.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';

const DAY_MS = 86_400_000;
const CONFIG =
  '[default]\nrequest_checksum_calculation = when_required\nresponse_checksum_validation = when_required\n';
const VARIABLES = {
  AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required',
  AWS_RESPONSE_CHECKSUM_VALIDATION: 'when_required',
};

afterEach(() => vi.unstubAllEnvs());

it.each([
  ['the environment', { env: VARIABLES, config: '' }],
  ['the profile', { env: {}, config: CONFIG }],
])('by %s', async (_how, { env, config }) => {
  await using stage = await open(/^x-amz-(?:sdk-)?checksum-|^x-amz-trailer$/, config);
  const { run, path, store } = stage;
  expect(await run(Put, [path('small'), 's3://bucket/small'], env)).toBe(0);
  expect(await run(Put, [path('large'), 's3://bucket/large', '--part-size', '5MiB'], env)).toBe(0);
  expect(await run(Put, ['-', 's3://bucket/stdin'], env)).toBe(0);
  expect(await run(Put, ['-r', path('tree'), 's3://bucket/tree/'], env)).toBe(0);
  expect(await run(Get, ['-r', 's3://bucket/', path('back')], env)).toBe(0);
  store.sandbox.putObject('bucket', 'old/a', { body: 'x', ageMs: 2 * DAY_MS });
  store.sandbox.putObject('bucket', 'old/b', { body: 'x', ageMs: 2 * DAY_MS });
  expect(await run(Sweep, ['s3://bucket/old/', '--older-than', '1d', '--yes'], env)).toBe(0);
  expect(store.sandbox.keys('bucket')).toEqual(['large', 'small', 'stdin', 'tree/a']);
});

it('by --checksum none, which the setting does not overrule', async () => {
  await using stage = await open(/^x-amz-(?:sdk-)?checksum-(?!mode)/, '');
  const { run, path, store } = stage;
  const [small, large] = [path('small'), path('large')];
  expect(await run(Put, [small, 's3://bucket/small'])).toBe(76);
  expect(await run(Put, [small, 's3://bucket/small', '--checksum', 'none'])).toBe(0);
  expect(await run(Put, [large, 's3://bucket/large', '--checksum', 'none', '--part-size', '5MiB'])).toBe(0);
  const before = store.requests.length;
  expect(await run(Put, [small, 's3://bucket/small', '--checksum', 'sha256'], VARIABLES)).toBe(76);
  expect(store.requests.slice(before)[0]?.headers).toHaveProperty('x-amz-checksum-sha256');
});

/** A store that refuses headers with these names. */
async function open(refused: RegExp, config: string) {
  const store = await startGatedStore(({ headers }) =>
    Object.keys(headers).some((name) => refused.test(name)) ? { status: 501, code: 'NotImplemented' } : null,
  );
  const program = await Program.create(store.env);
  for (const [name, value] of Object.entries(store.env)) vi.stubEnv(name, value);
  await mkdir(program.path('tree'));
  await mkdir(program.path('.aws'));
  await writeFile(program.path('.aws', 'config'), config);
  await writeFile(program.path('tree', 'a'), 'a');
  await writeFile(program.path('small'), 'x');
  await writeFile(program.path('large'), Buffer.alloc(6 * 1024 * 1024));
  const run = async (
    command: typeof Get | typeof Put | typeof Sweep,
    argv: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) => {
    const place = { home: program.directory, stdin: Readable.from(['bytes']) };
    const ended = await runInProcess(command, argv, { env: { ...program.env, ...env }, ...place });
    return ended.status;
  };
  const dispose = async (): Promise<void> => {
    await program[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  };
  return { store, run, path: program.path.bind(program), [Symbol.asyncDispose]: dispose };
}
