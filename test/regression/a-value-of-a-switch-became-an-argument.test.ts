/**
 * Met: `put --json=false f s3://b/` was "false does not exist", and `put --dry-run=true f s3://b/e/` uploaded a file named `true` beside
 *   it. `put -r=true` was an unknown flag `-`, and `--no-json` "has no effect on put".
 * Cause: the parser takes no value for a switch, and reads what is behind `=` as the next word.
 * Fix: a switch with a value is refused before that, for all switches of all commands, with how to switch it off.
 */
import { readdirSync } from 'node:fs';
import { parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { refuseValuedSwitch } from '../../src/cli/flags/valued-switch.ts';
import { readManifest } from '../../src/cli/help/manifest.ts';
import { BreakwaterError } from '../../src/errors.ts';
import { Program, readDocument } from '../support/program.ts';

it.each([
  [
    'put --json=false f s3://bucket/',
    '--json takes no value',
    /^write --json alone; BREAKWATER_JSON=0 switches it off$/,
  ],
  ['put --dry-run=true f s3://bucket/', '--dry-run takes no value', /BREAKWATER_DRY_RUN=0/],
  ['put -r=true d s3://bucket/', '-r takes no value', /^write -r alone/],
  ['get --resume=0 s3://bucket/key', '--resume takes no value', /; --no-resume switches it off$/],
  ['get --no-resume=1 s3://bucket/key', '--no-resume takes no value', /^write --no-resume alone$/],
  ['--quiet= config', '--quiet takes no value', /BREAKWATER_QUIET=0/],
  ['breaker-isolate --fleet=redis://me:hush@r a', '--fleet takes no value', /^write --fleet alone$/],
  ['put --help=1 f s3://bucket/', '--help takes no value', /^write --help alone$/],
  ['--version=1', '--version takes no value', /^write --version alone$/],
  ['put --no-json f s3://bucket/', 'unknown flag --no-json', /^leave --json out, or set BREAKWATER_JSON=0; see /],
])('%s', async (line, message, hint) => {
  await using program = await Program.create({ AWS_REGION: 'eu-west-1', BREAKWATER_JSON: '1' });
  const ended = await program.run(line.split(' '));
  expect(ended.status).toBe(2);
  const { error } = readDocument(ended);
  expect(error).toMatchObject({ code: 'usage', message, hint: expect.stringMatching(hint) as string });
  expect(ended.text).not.toContain('hush');
});

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { commands } = await readManifest(ROOT);
const COMMANDS = readdirSync(new URL('../../src/commands', import.meta.url)).map((file) => parse(file).name);

it.each(COMMANDS)('every switch of %s', (id) => {
  const flags = commands[id]?.flags ?? {};
  const refuse = (words: readonly string[]) => refuseValuedSwitch(words, flags as never);
  for (const [name, { type }] of Object.entries(flags)) {
    if (type === 'boolean') expect(() => refuse(['x', `--${name}=1`])).toThrow(BreakwaterError);
    // The next word is its value, whatever it looks like.
    else expect(() => refuse([`--${name}`, '--json=false', `--${name}=--json=false`, '--', '--json=1'])).not.toThrow();
  }
});
