import { chmod, chown, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

/** Root can read and write everything, so these run as somebody else: `nobody`. */
const UID = 65_534;
const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const canBecomeSomebodyElse =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, ['-e', `require('fs').readFileSync(${JSON.stringify(BIN)})`], { uid: UID, gid: UID })
    .status === 0;
if (!canBecomeSomebodyElse) console.log('skipped: permission tests need root and a checkout that others may read');

describe.skipIf(!canBecomeSomebodyElse)('without permission', () => {
  it.each([
    ['put of a file that may not be read', ['put', 'secret', 's3://bucket/key'], 74, 'local_io', /secret/],
    [
      'get into a directory that may not be written',
      ['get', 's3://bucket/there', 'locked/copy'],
      73,
      'local_create',
      /locked/,
    ],
    [
      'get over a file in a directory that may not be written',
      ['get', 's3://bucket/there', 'locked/old'],
      73,
      'local_create',
      /locked/,
    ],
  ] as const)('%s: no request, no permit, one coded line', async (_what, args, status, code, says) => {
    await using sandbox = await startTestSandbox();
    sandbox.putObject('bucket', 'there', { body: 'new' });
    await using program = await createProgram(sandbox.env);

    const ended = await program.run([...args, '--json'], { uid: UID });

    expect(ended.status).toBe(status);
    expect(readDocument(ended).error).toMatchObject({ code });
    expect(ended.stderr).toMatch(says);
    expect(sandbox.requests()).toHaveLength(0);
    expect(await readFile(program.path('locked', 'old'), 'utf8')).toBe('old');
    expect(await readdir(program.path('locked'))).toEqual(['old']);
  });

  it.each([
    ['may not be made', 'locked/state'],
    ['may not be written', 'sealed'],
  ])('a state directory that %s: the transfer works, with one warning', async (_what, directory) => {
    await using sandbox = await startTestSandbox();
    await using program = await createProgram(sandbox.env);

    const ended = await program.run(['put', 'mine', 's3://bucket/key'], {
      uid: UID,
      env: { BREAKWATER_STATE_DIR: program.path(directory) },
    });

    expect(ended.status).toBe(0);
    expect(sandbox.read('bucket', 'key')?.toString()).toBe('mine');
    expect(ended.stderr.split('\n').filter((line) => line.startsWith('warning'))).toEqual([
      expect.stringMatching(/state file .* cannot be read or written.*memory/),
    ]);
  });

  it('a reset that cannot be stored is an error', async () => {
    await using program = await createProgram({});
    const env = { BREAKWATER_STATE_DIR: program.path('sealed'), AWS_REGION: 'eu-west-1' };
    const ended = await program.run(['breaker-reset', '--all', '--json'], { uid: UID, env });
    expect(ended.status).toBe(74);
    expect(readDocument(ended).error).toMatchObject({ code: 'local_io' });
  });
});

/** A home of `nobody` with a file that is theirs, one that they may not read, and two directories that are not theirs. */
async function createProgram(env: Readonly<Record<string, string>>): Promise<Program> {
  const program = await Program.create(env);
  await chmod(program.directory, 0o755);
  await writeFile(program.path('mine'), 'mine');
  await writeFile(program.path('secret'), 'secret', { mode: 0o600 });
  await mkdir(program.path('locked'), { mode: 0o755 });
  await writeFile(program.path('locked', 'old'), 'old');
  await mkdir(program.path('sealed'), { mode: 0o555 });
  await mkdir(program.path('state'));
  await chown(program.path('state'), UID, UID);
  expect((await stat(program.path('sealed'))).mode % 0o1000).toBe(0o555);
  return program;
}
