import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CIRCUIT_SETTINGS } from '../../src/circuit/circuit.ts';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const PUT = ['put', 'file', 's3://bucket/key'];

interface Stage extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  readonly program: Program;
  readonly file: string;
}

/** A program that has put once, so that its state file is there. */
async function createStage(env: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const sandbox = await startTestSandbox();
  const program = await Program.create({ ...sandbox.env, ...env });
  await writeFile(program.path('file'), 'bytes');
  expect((await program.run(PUT)).status).toBe(0);
  return {
    sandbox,
    program,
    file: program.path('state', 'state.db'),
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]();
      await sandbox.close();
    },
  };
}

const warningsOf = (stderr: string): readonly string[] =>
  stderr.split('\n').filter((line) => line.startsWith('warning'));

function runSql(path: string, text: string): void {
  const database = new DatabaseSync(path);
  database.exec(text);
  database.close();
}

describe('a transfer whose state file cannot be used', () => {
  it.each([
    ['is garbage', async (path: string) => await writeFile(path, 'no database at all '.repeat(500))],
    ['is cut short', async (path: string) => await truncate(path, 5000)],
    ['has lost its tables', async (path: string) => runSql(path, 'DROP TABLE counters; DROP TABLE circuits')],
  ])('%s: works, with one warning, sets it aside and goes on in a new one', async (_what, spoil) => {
    await using stage = await createStage();
    const { program, file } = stage;
    await spoil(file);
    const spoilt = await readFile(file);
    const ended = await program.run(PUT);
    expect([ended.status, warningsOf(ended.stderr)]).toEqual([0, [expect.stringMatching(/was corrupt; it is now/)]]);
    const aside = (await readdir(program.path('state'))).filter((name) => /\.corrupt-.*Z$/.test(name));
    expect(aside).toHaveLength(1);
    expect((await readFile(program.path('state', aside[0]!))).equals(spoilt)).toBe(true);
    const again = await program.run(PUT);
    expect([again.status, again.stderr]).toEqual([0, '']);
    expect((await program.run(['metrics'])).text).toMatch(/result="success"\} 2$/m);
  });

  it('comes from a newer breakwater: works with one warning and a circuit in memory, and writes nothing', async () => {
    await using stage = await createStage({ BREAKWATER_RETRIES: '0' });
    const { sandbox, program, file } = stage;
    runSql(file, 'PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)');
    const before = await readFile(file);
    const ended = await program.run(PUT);
    expect([ended.status, warningsOf(ended.stderr)]).toEqual([0, [expect.stringMatching(/newer breakwater.*memory/)]]);

    await mkdir(program.path('tree'));
    for (let index = 0; index < 60; index += 1) await writeFile(program.path('tree', String(index)), 'x');
    sandbox.addFault('PutObject:500:InternalError');
    sandbox.clearRequests();
    const stopped = await program.run(['put', '-r', '--json', 'tree', 's3://bucket/tree/']);
    expect(stopped.status).toBe(75);
    expect(readDocument(stopped).error).toMatchObject({ code: 'circuit_open' });
    // Objects are sent a few at a time; those in flight when the fifth fails still end.
    expect(sandbox.requests().length).toBeGreaterThanOrEqual(DEFAULT_CIRCUIT_SETTINGS.failureThreshold);
    expect(sandbox.requests().length).toBeLessThan(60);
    expect(await readFile(file)).toEqual(before);
  });

  it('is a directory: works with one warning', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    await writeFile(program.path('file'), 'bytes');
    await mkdir(program.path('state', 'state.db'), { recursive: true });
    const ended = await program.run(PUT);
    expect([ended.status, warningsOf(ended.stderr)]).toEqual([0, [expect.stringMatching(/cannot be read or written/)]]);
  });

  it('is locked by a stopped process: works with one warning, after a bounded wait', async () => {
    await using stage = await createStage();
    const { program, file } = stage;
    const holder = spawn(process.execPath, [
      '-e',
      `const { DatabaseSync } = require('node:sqlite');
       const database = new DatabaseSync(${JSON.stringify(file)});
       database.exec('BEGIN IMMEDIATE');
       console.log('locked');
       setInterval(() => database, 1000);`,
    ]);
    try {
      await once(holder.stdout, 'data');
      holder.kill('SIGSTOP');
      const ended = await program.run(PUT);
      expect([ended.status, warningsOf(ended.stderr)]).toEqual([
        0,
        [expect.stringMatching(/is locked by another process/)],
      ]);
      expect(ended.durationMs).toBeLessThan(30_000);
      // A command that only reads needs no lock.
      const status = await program.run(['breaker-status']);
      expect([status.status, status.stderr]).toEqual([0, '']);
    } finally {
      holder.kill('SIGKILL');
    }
    const after = await program.run(PUT);
    expect([after.status, after.stderr]).toEqual([0, '']);
  });

  it('is on a full disk: works with one warning', async () => {
    await using stage = await createStage();
    const { program } = stage;
    const mount = program.path('full');
    await mkdir(mount);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', mount]).status !== 0) {
      console.log('skipped: a full disk needs a tmpfs, which cannot be mounted here');
      return;
    }
    try {
      // All but nothing: the first page of a database does not fit.
      spawnSync('dd', ['if=/dev/zero', `of=${mount}/filler`, 'bs=1k', 'count=64']);
      const ended = await program.run(PUT, { env: { BREAKWATER_STATE_DIR: mount } });
      expect([ended.status, warningsOf(ended.stderr)]).toEqual([0, [expect.stringMatching(/disk is full/)]]);
    } finally {
      spawnSync('umount', [mount]);
    }
  });
});

describe('metrics --reset', () => {
  it('fails when the sums cannot be reset', async () => {
    await using stage = await createStage();
    const { program, file } = stage;
    const holder = new DatabaseSync(file);
    holder.exec('BEGIN IMMEDIATE');
    const ended = await program.run(['metrics', '--reset', '--yes', '--json']);
    holder.exec('ROLLBACK');
    holder.close();
    expect([ended.status, readDocument(ended).error]).toMatchObject([74, { code: 'local_io', reason: 'locked' }]);
    expect((await program.run(['metrics'])).text).toMatch(/result="success"\} 1$/m);
  });
});

describe('breaker-status and metrics', () => {
  it('leave a corrupt file in place and name the problem', async () => {
    await using stage = await createStage();
    const { program, file } = stage;
    await writeFile(file, 'no database at all '.repeat(500));
    const before = await readFile(file);
    const ended = await program.run(['breaker-status', '--json']);
    expect(ended.status).toBe(0);
    expect(readDocument(ended)).toMatchObject({ state_file: { path: file, problem: 'corrupt' } });
    expect(warningsOf(ended.stderr)).toHaveLength(1);
    for (const args of [[], ['--textfile', 'x.prom'], ['--push', 'http://127.0.0.1:1']]) {
      const refused = await program.run(['metrics', '--json', ...args]);
      expect([refused.status, readDocument(refused).error]).toMatchObject([
        74,
        { code: 'local_io', reason: 'corrupt' },
      ]);
    }
    expect(await readdir(program.directory)).not.toContain('x.prom');
    expect(await readFile(file)).toEqual(before);
  });
});
