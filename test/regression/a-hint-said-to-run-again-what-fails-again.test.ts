/**
 * Met: `put -r` of a broken link or of a name that is not UTF-8 said to run the command again; for an isolated circuit or an
 *   unusable setting, it said so in place of what to do first. A `get -r` that was cut short did not say that it resumes.
 * Cause: every failure had the same hint, but denials; and resuming was a hint of `put -r` alone.
 * Fix: the hint depends on whether running again can help (transfer/run-again.ts), for both.
 */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it, vi } from 'vitest';
import Get from '../../src/commands/get.ts';
import Put from '../../src/commands/put.ts';
import { runInProcess } from '../support/in-process.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const directory = await mkdtemp(join(tmpdir(), 'breakwater-again-'));
afterAll(async () => await rm(directory, { recursive: true, force: true }));

const tree = join(directory, 'tree');

beforeEach(async () => {
  await rm(directory, { recursive: true, force: true });
  await mkdir(tree, { recursive: true });
});

async function hintOf(sandbox: TestSandbox, command: typeof Put | typeof Get, words: readonly string[]) {
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  const env = { ...sandbox.env, BREAKWATER_STATE_DIR: join(directory, 'state'), BREAKWATER_RETRIES: '0' };
  const { status, stdout } = await runInProcess(command, [...words, '--json'], { env, home: '/nonexistent' });
  const { error } = JSON.parse(stdout.toString()) as { error: { hint: string } };
  return [status, error.hint];
}

it('names what to do about a broken link', async () => {
  await using sandbox = await startTestSandbox();
  await symlink('nowhere', join(tree, 'link'));
  expect(await hintOf(sandbox, Put, ['-r', tree, 's3://bucket/'])).toEqual([3, 'correct the link, or leave it out']);
});

it.runIf(process.platform === 'linux')('names what to do about a name that is not UTF-8', async () => {
  await using sandbox = await startTestSandbox();
  await writeFile(Buffer.concat([Buffer.from(`${tree}/a`), Buffer.from([0xe9])]), 'x');
  expect(await hintOf(sandbox, Put, ['-r', tree, 's3://bucket/'])).toEqual([3, expect.stringMatching(/^rename it/)]);
});

it('still says to retry what S3 failed', async () => {
  await using sandbox = await startTestSandbox();
  for (const name of ['a', 'b']) await writeFile(join(tree, name), name);
  sandbox.addFault('PutObject:InternalError:key=a');
  const hint = 'run the command again to retry the failed objects';
  expect(await hintOf(sandbox, Put, ['-r', tree, 's3://bucket/'])).toEqual([3, hint]);
});

it.each([
  [[], true],
  [['--no-clobber'], true],
  [['--again'], false],
])('says that a get -r with %j resumes: %s', async (flags, isSaid) => {
  await using sandbox = await startTestSandbox();
  for (let n = 0; n < 40; n += 1) sandbox.putObject('bucket', `k${n}`, { body: 'x' });
  sandbox.addFault('GetObject:InternalError');
  const [status, hint] = await hintOf(sandbox, Get, ['-r', 's3://bucket/', tree, ...flags]);
  expect([status, /; run the same command again to resume: complete files/.test(String(hint))]).toEqual([75, isSaid]);
});

it('says first when the circuit lets calls through', async () => {
  await using sandbox = await startTestSandbox();
  for (let n = 0; n < 40; n += 1) await writeFile(join(tree, `f${n}`), 'x');
  sandbox.addFault('PutObject:InternalError');
  const [, hint] = await hintOf(sandbox, Put, ['-r', tree, 's3://bucket/']);
  expect(hint).toMatch(/^try again in .*; run the same command again to resume: stored files/);
});
