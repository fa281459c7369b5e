/**
 * Met: `{"retries": 1e400}` was `"null" is not accepted`, and 12345678901234567890 another number. A config file behind a dangling link
 *   of a dotfile manager, or in a directory of its owner that may not be entered, counted as none: the command ran without it.
 * Cause: the message showed the number that JavaScript makes of it; ENOENT and EACCES were taken for a file that is not there.
 * Fix: such numbers are kept as the file has them; a link that leads nowhere, and a directory of one's own, are status 78.
 */
import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';

it.each([
  ['{"retries": 1e400}', '"1e400" is not accepted'],
  ['{"retries": [-1e400]}', '"[-1e400]" is not accepted'],
  ['{"retries": 12345678901234567890}', '"12345678901234567890" is not accepted'],
  ['{"retries": "http://u:secr3t@h/"}', '***@h/" is not accepted'],
])('%s', async (text, message) => {
  await using program = await Program.create();
  await mkdir(program.path('.config', 'breakwater'), { recursive: true });
  await writeFile(program.path('.config', 'breakwater', 'config.json'), text);
  const { status, stderr } = await program.run(['breaker-status']);
  expect([status, stderr]).toEqual([78, expect.stringContaining(message)]);
});

it.each([
  ['.config/breakwater/config.json', 'it is a symbolic link that leads nowhere'],
  ['.config/breakwater', 'config/breakwater is a symbolic link that leads nowhere'],
  ['.config', '.config is a symbolic link that leads nowhere'],
])('a dangling link %s', async (link, message) => {
  await using program = await Program.create();
  await mkdir(program.path(link, '..'), { recursive: true });
  await symlink('dotfiles', program.path(link));
  for (const command of ['breaker-status', 'config']) {
    const { status, stderr } = await program.run([command]);
    expect([status, stderr]).toEqual([78, expect.stringContaining(message)]);
  }
});

const UID = 65_534;

it.skipIf(process.getuid?.() !== 0)('a directory of the user that may not be entered', async () => {
  await using program = await Program.create();
  await chmod(program.directory, 0o755);
  await mkdir(program.path('.config', 'breakwater'), { recursive: true });
  await writeFile(program.path('.config', 'breakwater', 'config.json'), '{"quiet": true}');
  await chmod(program.path('.config', 'breakwater'), 0);
  const run = async (): Promise<number | null> => (await program.run(['breaker-status'], { uid: UID })).status;
  expect(await run()).toBe(0);
  await chown(program.path('.config', 'breakwater'), UID, UID);
  expect(await run()).toBe(78);
});
