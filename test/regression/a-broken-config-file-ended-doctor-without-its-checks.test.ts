/**
 * Met: a comma too many in the config file, or BREAKWATER_RETRIES=x, and `doctor` ended with that error alone: nobody saw
 *   whether the rest was well.
 * Cause: the settings were resolved before the first check, and their error ended the command.
 * Fix: what is not accepted fails the check `settings` (78), and the others are made with the default in its place.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Program, readDocument, type Ended } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

interface Found {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

const checksOf = (ended: Ended) => readDocument(ended)['checks'] as readonly Found[];

it.each([
  { what: 'broken JSON', text: '{"retries": 3,}', env: {}, messages: [/line 1, column 15/] },
  { what: 'an unknown key', text: '{"retrys": 3}', env: {}, messages: [/unknown setting "retrys"/] },
  {
    what: 'values that are not accepted',
    text: '{"open_for": "soon"}',
    env: { BREAKWATER_RETRIES: 'x' },
    messages: [/BREAKWATER_RETRIES/, /"soon" is not accepted/],
  },
])('makes every check in spite of $what', async ({ text, env, messages }) => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create({ ...sandbox.env, ...env });
  await mkdir(program.path('.config', 'breakwater'), { recursive: true });
  await writeFile(program.path('.config', 'breakwater', 'config.json'), text);
  const ended = await program.run(['doctor', '--json']);
  expect([ended.status, readDocument(ended).error]).toMatchObject([78, { code: 'config' }]);
  const checks = checksOf(ended);
  expect(checks.filter(({ status }) => status === 'failed').map(({ check }) => check)).toEqual(['settings']);
  expect(checks).toHaveLength(12);
  const settings = checks.find(({ check }) => check === 'settings');
  expect(settings?.facts['problems']).toEqual(messages.map((message) => expect.stringMatching(message)));
  if (messages.length > 1) expect(settings?.message).toMatch(/; and 1 more$/);
});

it('still refuses a bad flag, as every command does', async () => {
  await using program = await Program.create();
  expect((await program.run(['doctor', '--retries', 'x', '--json'])).status).toBe(2);
});
