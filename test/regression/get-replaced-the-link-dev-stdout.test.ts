/**
 * Met: `get s3://b/k /dev/stdout > out`, run by root, put a file in the place of the link /dev/stdout; every program that
 *   used it later wrote into that file.
 * Cause: behind the link is a regular file, so the temporary file was renamed over the link.
 * Fix: a path that leads to standard output is `-`. What else is in /dev or /proc, directly or through links, is refused, by
 *   `get -r` and `--textfile`, too.
 */
import { execFile } from 'node:child_process';
import { lstat, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, it, vi } from 'vitest';
import Get from '../../src/commands/get.ts';
import { tryTextfile, writeTextfile } from '../../src/metrics/textfile.ts';
import { findSystemPlace } from '../../src/files/system-place.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { canMount } from '../support/can-mount.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const run = promisify(execFile);

afterEach(() => vi.unstubAllEnvs());

async function start() {
  const stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startTestSandbox());
  const program = stack.use(await Program.create(sandbox.env));
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  sandbox.putObject('bucket', 'd/file', { body: 'new' });
  const isLink = async (name: string) => (await lstat(program.path(name))).isSymbolicLink();
  /** Runs a line of the shell, with the program as `"$@"`. */
  const shell = async (line: string) => {
    const args = ['-c', line, 'x', process.execPath, BIN];
    return await run('bash', args, { cwd: program.directory, env: program.env }).then(
      ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => ({ ...error, status: error.code }),
    );
  };
  return { program, isLink, shell, [Symbol.asyncDispose]: async () => await stack.disposeAsync() };
}

it('a link to standard output stays, and the file behind it gets the bytes, after those that it has', async () => {
  await using test = await start();
  const { program, shell, isLink } = test;
  await symlink('/proc/self/fd/1', program.path('link'));
  await symlink('link', program.path('second'));
  await writeFile(program.path('out'), 'old,');
  expect(await shell('"$@" get s3://bucket/d/file second >> out')).toMatchObject({ status: 0 });
  expect(await readFile(program.path('out'), 'utf8')).toBe('old,new');
  expect([await isLink('link'), await isLink('second')]).toEqual([true, true]);
  expect(await shell('"$@" get --json s3://bucket/d/file link > json')).toMatchObject({ status: 2 });
  expect(await isLink('link')).toBe(true);
});

it.each(['/proc/self/fd/2', '/dev/fd/2', '/proc/version'])(
  'a link to %s is refused where that leads to a file, and stays',
  async (place) => {
    await using test = await start();
    const { program, shell, isLink } = test;
    await symlink(place, program.path('link'));
    const { status } = await shell('"$@" get s3://bucket/d/file link 2> err');
    expect([status, await isLink('link')]).toEqual([2, true]);
    expect(await readFile(program.path('err'), 'utf8')).toContain('use - for standard output');
  },
);

it('get -r does not replace a link to an open file, and writes nothing into /dev or /proc', async () => {
  await using test = await start();
  const { program, shell, isLink } = test;
  await mkdir(program.path('d'));
  await symlink('/proc/self/fd/1', program.path('d', 'file'));
  const { status } = await shell('"$@" get -r s3://bucket/d/ d > out');
  expect([status, await isLink('d/file'), await readdir(program.path('d'))]).toEqual([3, true, ['file']]);
  expect(await readFile(program.path('out'), 'utf8')).not.toContain('new');
});

it.skipIf(!canMount())('/dev/stdout, /dev/stderr and a whole /dev stay as they are', async () => {
  await using test = await start();
  const { shell } = test;
  const mount = `mount -t tmpfs none /dev && cd /dev && ln -s /proc/self/fd fd && ln -s /proc/self/fd/1 stdout &&
    ln -s /proc/self/fd/2 stderr && ln -s /proc/kcore core && mkdir shm; cd "$OLDPWD"`;
  const script = `${mount}
    "$@" get s3://bucket/d/file /dev/stdout > out; echo $?
    for to in stderr fd/2 core file; do "$@" get s3://bucket/d/file /dev/$to 2> err; echo $?; done
    "$@" get -r s3://bucket/d/ /dev 2> err > out2; echo $?
    "$@" get s3://bucket/d/file /dev/shm/file > out2 2> err; echo $?
    cat out; echo; find /dev -type f; find /dev -type l | sort`;
  const { stdout } = await shell(`exec unshare -rm bash -c '${script}' x "$@"`);
  const left = ['new', '/dev/shm/file', '/dev/core', '/dev/fd', '/dev/stderr', '/dev/stdout', ''];
  expect(stdout.split('\n')).toEqual(['0', '2', '2', '2', '2', '3', '0', ...left]);
});

it('a textfile does not replace such a link', async () => {
  await using program = await Program.create();
  const path = program.path('a.prom');
  await symlink('/proc/version', path);
  const refused = { code: 'local_create', message: expect.stringContaining('belongs to the system') as string };
  await expect(tryTextfile(path)).rejects.toMatchObject(refused);
  await expect(writeTextfile(path, { text: 'a 1\n', mayReplace: () => true })).rejects.toMatchObject(refused);
  expect(await readdir(program.directory)).toEqual(['a.prom']);
});

it('an ordinary link to a file is replaced, as before', async () => {
  await using test = await start();
  const { program, isLink } = test;
  await writeFile(program.path('file'), 'old');
  await symlink('file', program.path('link'));
  const argv = ['s3://bucket/d/file', program.path('link')];
  expect(await runInProcess(Get, argv, { env: program.env, home: program.directory })).toMatchObject({ status: 0 });
  expect([await isLink('link'), await readFile(program.path('link'), 'utf8')]).toEqual([false, 'new']);
});

it.each([
  ['/dev/shm/none', null],
  ['/dev/none', { descriptor: null }],
  ['/proc/self/cwd/none', null],
  ['/proc/self/fd/17', { descriptor: 17 }],
  ['/dev/fd/1', { descriptor: 1 }],
  ['/proc/thread-self/fd/1', { descriptor: 1 }],
  ['/dev/../dev/stdout', { descriptor: 1 }],
  ['none', null],
])('%s leads to %j', (path, place) => {
  expect(findSystemPlace(path)).toEqual(place);
});
