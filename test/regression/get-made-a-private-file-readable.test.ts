/**
 * Met: `get` of a new key or a new configuration over a file of mode 0600 left it with 0644, so every user could read it.
 * Cause: the temporary file got its mode from the umask, and took the place of the target.
 * Fix: it is private from the start where it replaces a file, and gets the permissions, owner and group of that file before the rename.
 */
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { afterEach, expect, it, vi } from 'vitest';
import Get from '../../src/commands/get.ts';
import { FileSink } from '../../src/transfer/get/file-sink.ts';
import { runInProcess } from '../support/in-process.ts';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

afterEach(() => vi.unstubAllEnvs());

const LARGE = Buffer.alloc(300 * 1024, 'x');

async function start() {
  const stack = new AsyncDisposableStack();
  const sandbox = stack.use(await startTestSandbox());
  const program = stack.use(await Program.create(sandbox.env));
  for (const [name, value] of Object.entries(sandbox.env)) vi.stubEnv(name, value);
  for (const [key, body] of [
    ['d/small', 'new'],
    ['d/large', LARGE],
  ] as const)
    sandbox.putObject('bucket', key, { body });
  mkdirSync(program.path('d'));
  const get = async (...argv: readonly string[]) =>
    (await runInProcess(Get, argv, { env: program.env, home: program.directory })).status;
  const facts = (name: string) => {
    const { mode, uid, gid, size } = statSync(program.path('d', name));
    return { mode: (mode & 0o777).toString(8), uid, gid, isNew: size !== 3 || name === 'small' };
  };
  return { program, get, facts, [Symbol.asyncDispose]: async () => await stack.disposeAsync() };
}

const ways: readonly (readonly [string, readonly string[]])[] = [
  ['get', []],
  ['get -r', ['-r']],
  ['get -r --fsync', ['-r', '--fsync']],
];

it.each(ways.flatMap(([way, flags]) => [0o600, 0o444, 0o775].map((mode) => [way, mode.toString(8), flags] as const)))(
  '%s keeps mode %s',
  async (_way, mode, flags) => {
    await using test = await start();
    const { program, get, facts } = test;
    for (const name of ['small', 'large']) {
      writeFileSync(program.path('d', name), 'old');
      chmodSync(program.path('d', name), Number.parseInt(mode, 8));
    }
    if (flags.length > 0) expect(await get(...flags, 's3://bucket/d/', program.path('d'))).toBe(0);
    else
      for (const name of ['small', 'large'])
        expect(await get(`s3://bucket/d/${name}`, program.path('d', name))).toBe(0);
    expect([facts('small'), facts('large')]).toMatchObject([
      { mode, isNew: true },
      { mode, isNew: true },
    ]);
  },
);

it('a new file has the mode of the umask, and one behind a link lends its own', async () => {
  await using test = await start();
  const { program, get, facts } = test;
  const expected = (0o666 & ~process.umask()).toString(8);
  writeFileSync(program.path('secret'), 'old', { mode: 0o600 });
  symlinkSync('../secret', program.path('d', 'large'));
  expect(await get('-r', 's3://bucket/d/', program.path('d'))).toBe(0);
  expect([facts('small').mode, facts('large').mode]).toEqual([expected, '600']);
});

it.skipIf(process.getuid?.() !== 0)('root keeps owner and group', async () => {
  await using test = await start();
  const { program, get, facts } = test;
  for (const name of ['small', 'large']) {
    writeFileSync(program.path('d', name), 'old');
    chownSync(program.path('d', name), 54_321, 54_322);
    chmodSync(program.path('d', name), 0o640);
  }
  expect(await get('-r', 's3://bucket/d/', program.path('d'))).toBe(0);
  const kept = { mode: '640', uid: 54_321, gid: 54_322, isNew: true };
  expect([facts('small'), facts('large')]).toEqual([kept, kept]);
});

it.skipIf(process.getuid?.() !== 0)('another group does not get the rights of one that cannot be kept', async () => {
  await using test = await start();
  const { program, facts } = test;
  chmodSync(program.directory, 0o755);
  chmodSync(program.path('d'), 0o777);
  writeFileSync(program.path('d', 'small'), 'old');
  chmodSync(program.path('d', 'small'), 0o664);
  const env = { BREAKWATER_STATE_DIR: undefined, HOME: '/nonexistent' };
  const { status } = await program.run(['get', 's3://bucket/d/small', 'd/small'], { uid: 54_321, env });
  expect([status, facts('small')]).toEqual([0, { mode: '644', uid: 54_321, gid: 54_321, isNew: true }]);
});

it('the temporary file is private, and what was changed meanwhile counts', async () => {
  await using program = await Program.create();
  const path = program.path('file');
  writeFileSync(path, 'old', { mode: 0o644 });
  for (const sizeBytes of [3, 1024 * 1024]) {
    const options = { noClobber: false, isSynced: false, claim: null, tag: 'aaaaaaaaaaaa', isReplacing: true };
    const sink = await FileSink.create(path, { ...options, sizeBytes });
    expect(statSync(sink.partialPath).mode & 0o777).toBe(0o600);
    await sink.writeAt([Buffer.from('new')], 0, () => undefined);
    chmodSync(path, 0o640);
    await sink.commit(null);
    expect([statSync(path).mode & 0o777, await readdir(program.directory)]).toEqual([0o640, ['file']]);
  }
});
