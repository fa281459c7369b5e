/**
 * Met: with BREAKWATER_JSON=1, or `"json": true` in the config file, `source <(breakwater completion bash)` ran a JSON document as
 *   a script, Tab inserted one, and `config --schema > FILE` wrote one. With a broken config file, `completion` failed in every new
 *   shell, and so did `config --schema`, which the hint of that failure names. `metrics --format prometheus > FILE` was JSON, too.
 * Cause: every command took all settings first, and printed as they say.
 * Fix: a script and a schema need no settings; they, and the names for Tab, are JSON only if `--json` is on the line itself.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';

const PRINTS = [
  { line: 'completion bash', text: /^# Completion of breakwater for bash/, field: 'script' },
  { line: 'completion zsh', text: /^#compdef breakwater/, field: 'script' },
  { line: 'completion fish', text: /^# Completion of breakwater for fish/, field: 'script' },
  { line: 'config --schema', text: /^\{\n {2}"\$schema"/, field: 'schema' },
] as const;

async function configure(program: Program, text: string): Promise<void> {
  await mkdir(program.path('.config', 'breakwater'), { recursive: true });
  await writeFile(program.path('.config', 'breakwater', 'config.json'), text);
}

it.each(PRINTS)('$line is as it is, unless the line asks for JSON', async ({ line, text, field }) => {
  await using program = await Program.create({ BREAKWATER_JSON: '1', BREAKWATER_RETRIES: 'many' });
  await configure(program, '{"json": true, "retrys": 1');
  const ended = await program.run(line.split(' '));
  expect(ended).toMatchObject({ status: 0, stderr: '', text: expect.stringMatching(text) as string });
  expect(readDocument(await program.run([...line.split(' '), '--json']))).toHaveProperty(field);
});

it('a format that the line asks for is printed as it is', async () => {
  await using program = await Program.create({ BREAKWATER_JSON: '1' });
  expect((await program.run(['metrics', '--format', 'prometheus'])).text).toMatch(/^# HELP /);
  expect(readDocument(await program.run(['metrics', '--format=prometheus', '--json']))).toHaveProperty('families');
  expect(readDocument(await program.run(['metrics']))).toHaveProperty('families');
});

it('names for Tab are lines, and a refused shell is no document', async () => {
  await using program = await Program.create({ BREAKWATER_JSON: '1' });
  await configure(program, '{"json": true}');
  expect(await program.run(['completion', '--list', 'circuits'])).toMatchObject({ text: 's3-download\ns3-upload\n' });
  expect(await program.run(['completion', 'tcsh'])).toMatchObject({ status: 2, text: '' });
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { text } = await program.run(['completion', shell]);
    expect(text).toMatch(/BREAKWATER_JSON[= ]0/);
  }
});
