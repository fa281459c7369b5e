/**
 * Met: `get -r` to a destination that is a file ended with "cannot create .../any: no permission to write in ...".
 * Cause: the permissions of what exists were checked before its kind, and a name was made up for the check.
 * Fix: what is not a directory is named first, and the message names the destination.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkDirectoryTarget, checkTarget } from '../../src/transfer/get/sink.ts';

const directory = await mkdtemp(join(tmpdir(), 'breakwater-destination-'));
const file = join(directory, 'file');
await writeFile(file, '', { mode: 0o600 });
afterAll(async () => await rm(directory, { recursive: true, force: true }));

it.each([
  ['a file', file],
  ['below a file', join(file, 'a', 'b')],
  ['a device', '/dev/null'],
])('names what is no directory, for many objects to %s', async (_what, destination) => {
  const above = destination.startsWith(file) ? file : destination;
  await expect(checkDirectoryTarget(destination)).rejects.toMatchObject({
    code: 'local_create',
    message: `cannot create files in ${destination}: ${above} is not a directory`,
  });
});

it('names it for one object', async () => {
  const path = join(file, 'x');
  await expect(checkTarget(path)).rejects.toMatchObject({
    code: 'local_create',
    message: `cannot create ${path}: ${file} is not a directory`,
  });
});

it.each([['.'], ['new/directory']])('accepts %s, and creates nothing', async (name) => {
  await checkDirectoryTarget(join(directory, name));
  await expect(checkTarget(join(directory, name, 'x'))).resolves.toBe('absent');
});
