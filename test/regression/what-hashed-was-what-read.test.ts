/**
 * Met: a get of 1 GiB took 3.6 s with its MD5 and 1.1 s without: half of the time no byte was read.
 * Cause: one thread read the bytes and digested them.
 * Fix: another thread digests a large file, by reading it back. Where there can be none, this one does it as before.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const BODY = randomBytes(33 * 1024 * 1024);

/** The names of a process's threads, as Linux has them. */
function threadsOf(pid: number | undefined): readonly string[] {
  const tasks = `/proc/${String(pid)}/task`;
  try {
    return readdirSync(tasks).map((id) => readFileSync(`${tasks}/${id}/comm`, 'utf8').trim());
  } catch {
    return [];
  }
}

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  sandbox.putObject('bucket', 'large', { body: BODY });
});

beforeEach(() => sandbox.clearFaults());

afterAll(async () => await sandbox.close());

describe.runIf(existsSync('/proc/self/task'))('get of a large object', () => {
  it('is verified by another thread', async () => {
    sandbox.addFault('GetObject:latency:after=500ms:skip=2:times=1');
    await using program = await Program.create(sandbox.env);
    const { child, ended } = program.start(['get', 's3://bucket/large', 'file', '--json']);
    while (child.exitCode === null && !threadsOf(child.pid).includes('digest')) await sleep(1);
    expect(child.exitCode).toBeNull();
    const { status, text } = await ended;
    expect([status, JSON.parse(text)]).toMatchObject([0, { verified_by: 'md5', bytes: BODY.byteLength }]);
    expect(readFileSync(program.path('file')).equals(BODY)).toBe(true);
  });

  it('finds a damaged byte', async () => {
    sandbox.addFault('GetObject:corrupt');
    await using program = await Program.create(sandbox.env);
    const { status, stderr } = await program.run(['get', 's3://bucket/large', 'file']);
    expect([status, stderr]).toEqual([65, expect.stringContaining('checksum (md5)')]);
    expect(existsSync(program.path('file'))).toBe(false);
  });

  it('ends with an interrupt while the thread waits', async () => {
    sandbox.addFault('GetObject:stall:skip=1');
    await using program = await Program.create(sandbox.env);
    const { child, ended } = program.start(['get', 's3://bucket/large', 'file']);
    while (child.exitCode === null && !threadsOf(child.pid).includes('digest')) await sleep(1);
    child.kill('SIGINT');
    expect((await ended).status).toBe(130);
  });

  it('does without another thread where the address space is limited', async () => {
    await using program = await Program.create(sandbox.env);
    const script = 'ulimit -v 8000000 && exec "$0" "$@"';
    const words = [process.execPath, BIN, 'get', 's3://bucket/large', program.path('file'), '--json'];
    const child = spawn('sh', ['-c', script, ...words], { env: program.env, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const closed = new Promise((resolve) => child.once('close', resolve));
    const seen = new Set<string>();
    while (child.exitCode === null) {
      for (const name of threadsOf(child.pid)) seen.add(name);
      await sleep(2);
    }
    await closed;
    expect([child.exitCode, JSON.parse(text)]).toMatchObject([0, { verified_by: 'md5' }]);
    expect([...seen].includes('digest')).toBe(false);
  });
});
