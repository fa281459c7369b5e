/**
 * Met: buckets whose requester pays denied every command (403), and no flag could agree to pay.
 * Cause: no request had the header `x-amz-request-payer`.
 * Fix: with `--request-payer requester` every request of put, get and sweep has it, before it is signed. So has the look of
 *   doctor, which called such a bucket denied that all transfers could use.
 */
import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import Doctor from '../../src/commands/doctor.ts';
import Get from '../../src/commands/get.ts';
import Put from '../../src/commands/put.ts';
import Sweep from '../../src/commands/sweep.ts';
import { startGatedStore } from '../support/gated-store.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';

const DAY_MS = 86_400_000;
const PAYS = ['--request-payer', 'requester'];

afterEach(() => vi.unstubAllEnvs());

it('agrees to pay in every request of every command, and only when told to', async () => {
  await using store = await startGatedStore(({ headers }) =>
    headers['x-amz-request-payer'] === 'requester' ? null : { status: 403, code: 'AccessDenied' },
  );
  await using program = await Program.create(store.env);
  for (const [name, value] of Object.entries(store.env)) vi.stubEnv(name, value);
  for (const key of ['d/a', 'd/b']) store.sandbox.putObject('bucket', key, { body: 'paid', ageMs: 2 * DAY_MS });
  await writeFile(program.path('small'), 'x');
  await writeFile(program.path('large'), Buffer.alloc(6 * 1024 * 1024));
  const run = async (command: typeof Doctor | typeof Get | typeof Put | typeof Sweep, ...argv: readonly string[]) => {
    const place = { env: program.env, home: program.directory, stdin: Readable.from(['bytes']) };
    return (await runInProcess(command, argv, place)).status;
  };
  expect(await run(Get, 's3://bucket/d/a', program.path('denied'))).toBe(77);
  expect(await run(Doctor, 's3://bucket')).toBe(77);
  expect(await run(Doctor, 's3://bucket', ...PAYS)).toBe(0);
  expect(await run(Get, 's3://bucket/d/a', program.path('one'), ...PAYS)).toBe(0);
  expect(await run(Get, '-r', 's3://bucket/d/', program.path('all'), ...PAYS)).toBe(0);
  expect(await run(Get, '-r', 's3://bucket/d/', program.path('all'), ...PAYS)).toBe(0);
  expect(await run(Put, program.path('small'), 's3://bucket/s', '--if-none-match', ...PAYS)).toBe(0);
  expect(await run(Put, program.path('large'), 's3://bucket/l', '--part-size', '5MiB', ...PAYS)).toBe(0);
  expect(await run(Put, '-', 's3://bucket/stdin', ...PAYS)).toBe(0);
  expect(await run(Sweep, 's3://bucket/d/', '--older-than', '1d', '--yes', ...PAYS)).toBe(0);
  expect(await run(Sweep, 's3://bucket/', '--all', '--abort-uploads', '1d', '--yes', ...PAYS)).toBe(0);
  expect(store.sandbox.keys('bucket')).toEqual(['l', 's', 'stdin']);
});
