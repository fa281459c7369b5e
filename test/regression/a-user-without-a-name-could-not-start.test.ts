/**
 * Met: in a container with a user id of its own (`runAsUser`, `docker run -u 12345`) every command crashed; an empty HOME
 * made `.local/state` below the working directory; a working directory that was removed crashed.
 * Cause: `os.homedir()` and oclif's search for a shell throw without an entry in the password file, and an empty HOME is a
 * relative path.
 * Fix: HOME and SHELL are completed once, before anything reads them.
 */
import { chmod, mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const isRoot = process.getuid?.() === 0;

it.skipIf(!isRoot).each(['/', '', '/dev/null', undefined])(
  'a put with HOME %j and a user id without an entry',
  async (home) => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    await chmod(program.directory, 0o777);
    await writeFile(program.path('file'), 'x');
    const ended = await program.run(['put', 'file', 's3://bucket/key'], { env: { HOME: home }, uid: 54_321 });
    expect(ended).toMatchObject({ status: 0, stderr: expect.not.stringMatching(/ {4}at |node:/) as string });
    expect(await readdir(program.directory)).not.toContain('.local');
  },
);

it('a working directory that was removed', async () => {
  await using program = await Program.create({ AWS_REGION: 'eu-west-1' });
  const gone = program.path('gone');
  await mkdir(gone);
  const started = program.start(['breaker-status'], { cwd: gone });
  const relative = program.start(['metrics', '--textfile', 'a.prom'], { cwd: gone });
  await rmdir(gone);
  expect((await started.ended).status).toBe(0);
  expect(await relative.ended).toMatchObject({
    status: 74,
    stderr: expect.stringMatching(/working directory/) as string,
  });
});
