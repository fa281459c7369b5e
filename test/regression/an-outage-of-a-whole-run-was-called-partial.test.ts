/**
 * Met: `put -r` of fewer files than open the circuit, or of as many as are sent at once, ended with 3 when S3 failed all of them. A CI
 *   step that takes 69 and 75 for an outage saw a fault of its own.
 * Cause: any failure of a run was `partial`, which says that some of many failed.
 * Fix: where S3 failed every object, the error is `unavailable` (69), as for one object, and as `access_denied` is where all are
 *   denied.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import Get from '../../src/commands/get.ts';
import Put from '../../src/commands/put.ts';
import { runInProcess } from '../support/in-process.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const tree = await mkdtemp(join(tmpdir(), 'breakwater-outage-'));
afterAll(async () => await rm(tree, { recursive: true, force: true }));
for (const name of ['a', 'b', 'c']) await writeFile(join(tree, name), name);

async function run(command: typeof Put | typeof Get, words: readonly string[], faults: readonly string[]) {
  await using sandbox = await startTestSandbox();
  for (const name of ['x/a', 'x/b']) sandbox.putObject('bucket', name, { body: 'a' });
  for (const fault of faults) sandbox.addFault(fault);
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  const state = await mkdtemp(join(tmpdir(), 'breakwater-outage-'));
  const env = { ...sandbox.env, BREAKWATER_STATE_DIR: state, BREAKWATER_RETRIES: '0' };
  const { status, stdout } = await runInProcess(command, [...words, '--json'], { env, home: '/nonexistent' });
  await rm(state, { recursive: true });
  return [status, JSON.parse(stdout.toString()) as unknown];
}

const DOWN = 'PutObject:503:ServiceUnavailable';

it('is unavailable where every object failed', async () => {
  expect(await run(Put, ['-r', tree, 's3://bucket/to/'], [DOWN])).toEqual([
    69,
    expect.objectContaining({
      objects: 0,
      failed: 3,
      failures: [expect.anything(), expect.anything(), expect.anything()],
      error: expect.objectContaining({
        code: 'unavailable',
        http_status: 503,
        message: expect.stringMatching(/^S3 failed each of 3 objects: /),
      }),
    }),
  ]);
  const fetched = await run(Get, ['-r', 's3://bucket/x/', join(tree, 'out')], ['GetObject:503:ServiceUnavailable']);
  expect(fetched[0]).toBe(69);
});

it('is partial where one was stored, or failed here', async () => {
  expect((await run(Put, ['-r', tree, 's3://bucket/to/'], [`${DOWN}:suffix=a`]))[0]).toBe(3);
  expect((await run(Put, ['-r', tree, 's3://bucket/to/'], [`${DOWN}:suffix=a`, 'PutObject:403:AccessDenied']))[0]).toBe(
    3,
  );
});
