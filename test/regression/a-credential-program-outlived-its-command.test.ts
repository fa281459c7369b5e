/**
 * Met: a `credential_process` that hung went on after its command had ended at its time limit, at `--deadline` or by a
 *   signal; each run from a crontab left another one behind. Of one that failed, not even its status was told.
 * Cause: the SDK starts it and gives it no end.
 * Fix: the program ends with the wait for it, and so does what it has started.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, vi } from 'vitest';
import { Program } from '../support/program.ts';

const GET = ['get', 's3://bucket/key', 'out'];

async function create(config: string): Promise<Program> {
  const program = await Program.create({ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9', AWS_PROFILE: 'p' });
  await mkdir(program.path('.aws'));
  await writeFile(program.path('.aws', 'config'), `[profile p]\ncredential_process = ${config}\n`);
  return program;
}

/** A process that nobody has asked for its status counts as ended (proc_pid_stat(5), state Z). */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function waitForPid(program: Program): Promise<number> {
  return await vi.waitFor(
    async () => {
      const pid = Number(await readFile(program.path('pid'), 'utf8'));
      expect(pid).toBeGreaterThan(1);
      return pid;
    },
    { timeout: 10_000, interval: 20 },
  );
}

async function expectEnd(pid: number): Promise<void> {
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 10_000, interval: 20 });
}

it.each([
  ['--credentials-timeout=500ms', 78],
  ['--deadline=500ms', 75],
])('ends with %s', async (flag, status) => {
  await using program = await create('echo $$ > pid; exec sleep 60');
  expect((await program.run([...GET, flag])).status).toBe(status);
  await expectEnd(await waitForPid(program));
});

it('ends with a signal', async () => {
  await using program = await create('echo $$ > pid; exec sleep 60');
  const { child, ended } = program.start(GET);
  const pid = await waitForPid(program);
  child.kill('SIGTERM');
  expect((await ended).status).toBe(143);
  await expectEnd(pid);
});

it('ends with what it has started, where there is no terminal', async () => {
  await using program = await create('sleep 60 & echo $! > pid; wait');
  const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
  const options = { env: program.env, cwd: program.directory, detached: true, stdio: 'ignore' } as const;
  const child = spawn(process.execPath, [bin, ...GET], options);
  const pid = await waitForPid(program);
  child.kill('SIGTERM');
  await expectEnd(pid);
});

it.each([
  ['/nowhere/program', 'its credential_process failed (status 127)'],
  ['sh -c "echo hush >&2; exit 3"', 'its credential_process failed (status 3)'],
  ['yes', 'its credential_process did not print credentials in JSON'],
])('says how %s failed', async (command, says) => {
  await using program = await create(command);
  const { status, stderr } = await program.run(GET);
  expect([status, stderr]).toEqual([78, expect.stringContaining(`in profile "p": ${says} (config)`)]);
  expect(stderr).not.toContain('hush');
});
