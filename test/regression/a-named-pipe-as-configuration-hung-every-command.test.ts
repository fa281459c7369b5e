/**
 * Met: with a named pipe, or /dev/zero, as configuration file, every command hung without a word until SIGKILL.
 * Cause: opening a named pipe for reading waits for a writer, and a device may have no end.
 * Fix: small files are opened without waiting, and refused unless they are regular files (or empty devices: /dev/null).
 */
import { spawnSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readRegularFile } from '../../src/files/read-regular-file.ts';
import { Program, readDocument } from '../support/program.ts';

const KILL_AFTER_MS = 30_000;
const KINDS: readonly (readonly [string, (path: string) => unknown])[] = [
  ['a named pipe', (path) => spawnSync('mkfifo', [path])],
  ['a directory', async (path) => await mkdir(path)],
  ['a device without end', async (path) => await symlink('/dev/zero', path)],
];

describe.each(KINDS)('%s', (_what, make) => {
  it.each([
    ['the user file', {}],
    ['AWS_CONFIG_FILE', { AWS_CONFIG_FILE: 'odd' }],
    ['AWS_SHARED_CREDENTIALS_FILE', { AWS_SHARED_CREDENTIALS_FILE: 'odd' }],
  ])('as %s is refused at once', async (where, names) => {
    await using program = await Program.create({ AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' });
    await mkdir(program.path('.config', 'breakwater'), { recursive: true });
    await make(where === 'the user file' ? program.path('.config', 'breakwater', 'config.json') : program.path('odd'));
    const env = Object.fromEntries(Object.entries(names).map(([name, path]) => [name, program.path(path)]));
    const ended = await program.run(['breaker-status', '--json'], { env, killAfterMs: KILL_AFTER_MS });
    expect([ended.signal, ended.status]).toEqual([null, 78]);
    expect(readDocument(ended).error).toMatchObject({
      code: 'config',
      message: expect.stringMatching(/not a regular/),
    });
  });
});

it('reads a regular file, and /dev/null as an empty one', async () => {
  await using program = await Program.create();
  await writeFile(program.path('file'), 'text');
  expect([readRegularFile(program.path('file')), readRegularFile('/dev/null')]).toEqual(['text', '']);
});
