/**
 * Met: with a bad `BREAKWATER_PUSH` every command ended as if the metrics had been pushed: the warning at its end is
 * hidden by `--quiet`, which is how cron runs.
 * Cause: the URL, the credentials and the certificates were read when the push began, after the work.
 * Fix: they are checked before anything is sent, and are status 78 like any other bad setting.
 */
import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

it.each([
  { BREAKWATER_PUSH: 'gateway:9091' },
  { BREAKWATER_PUSH: 'http://me:hush@127.0.0.1:9091' },
  { BREAKWATER_PUSH: 'http://127.0.0.1:9091', BREAKWATER_PUSH_TOKEN: 'hu sh' },
  { BREAKWATER_PUSH: 'http://127.0.0.1:9091', BREAKWATER_PUSH_CA: 'missing.pem' },
])('%j ends a put with 78, and nothing is sent', async (bad) => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create({ ...sandbox.env, ...bad });
  await writeFile(program.path('file'), 'x');
  const ended = await program.run(['put', 'file', 's3://bucket/key', '--quiet']);
  expect([ended.status, sandbox.requests()]).toEqual([78, []]);
  expect(ended.stderr).toMatch(/push|PUSH/);
  expect(ended.stderr).not.toContain('hush');
});
