/**
 * Met: `get ... -` with `"json": true` in the config file said to omit `--json`; BREAKWATER_PUSH_CA=/nope named `--push-ca`, a wrong
 *   BREAKWATER_PUSH only "the push URL", BREAKWATER_PART_SIZE=x `--part-size`, and a low BREAKWATER_FAILURE_THRESHOLD the flag.
 * Cause: the texts were fixed; a command's own flags are read from the environment by the parser, which does not say so.
 * Fix: what has set these settings is kept for messages, and a refused flag that no word of the line has is named by its variable.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';

it.each<[string, Record<string, string>, RegExp, RegExp]>([
  ['get s3://bucket/key -', { BREAKWATER_JSON: '1' }, /standard output/, /set BREAKWATER_JSON=0: BREAKWATER_JSON asks/],
  ['get s3://bucket/key - --json', {}, /standard output/, /or omit --json$/m],
  ['config', { BREAKWATER_PUSH_CA: '/nope', BREAKWATER_PUSH: 'https://h' }, /the file of BREAKWATER_PUSH_CA /, /path/],
  ['config', { BREAKWATER_PUSH: 'ftp://x' }, /push URL is not/, /correct BREAKWATER_PUSH, for example/],
  ['config --push http://u:p@h', {}, /contains credentials/, /take them out of --push, and/],
  ['config', { BREAKWATER_PUSH: 'http://h?x' }, /has a query/, /remove it from BREAKWATER_PUSH/],
  [
    'config --fleet redis://127.0.0.1:1',
    { BREAKWATER_FAILURE_THRESHOLD: '1' },
    /quorum/,
    /or raise BREAKWATER_FAILURE_THRESHOLD$/m,
  ],
  ['get s3://bucket/key', { BREAKWATER_PART_SIZE: 'x' }, /: BREAKWATER_PART_SIZE: "x" is/, /fix BREAKWATER_PART_SIZE;/],
  ['get s3://bucket/key --part-size x', { BREAKWATER_PART_SIZE: '8MiB' }, /: --part-size: "x" is/, /fix --part-size;/],
  ['get s3://bucket/key', { BREAKWATER_RANGE: 'x' }, /: BREAKWATER_RANGE: "x" is/, /fix BREAKWATER_RANGE;/],
  ['metrics --serve', { BREAKWATER_LISTEN: 'x' }, /: BREAKWATER_LISTEN: "x" is/, /fix BREAKWATER_LISTEN;/],
  ['metrics', { BREAKWATER_FORMAT: 'xml' }, /expected BREAKWATER_FORMAT=xml to be one of/, /see/],
])('%s, %j', async (line, env, message, hint) => {
  await using program = await Program.create({ AWS_REGION: 'eu-west-1', ...env });
  const { status, stderr } = await program.run(line.split(' '));
  expect([2, 78]).toContain(status);
  const [first = '', ...rest] = stderr.split('\n');
  expect(first).toMatch(message);
  expect(rest.join('\n')).toMatch(hint);
});

it('names the config file that asks for JSON', async () => {
  await using program = await Program.create({ AWS_REGION: 'eu-west-1' });
  await mkdir(program.path('.config', 'breakwater'), { recursive: true });
  await writeFile(program.path('.config', 'breakwater', 'config.json'), '{"json": true}');
  const run = async (env: Record<string, string>) => await program.run(['get', 's3://bucket/key', '-'], { env });
  expect((await run({})).stderr).toMatch(/set BREAKWATER_JSON=0: json in \S+config\.json asks for JSON/);
  expect((await run({ BREAKWATER_JSON: '0', BREAKWATER_RETRIES: '0' })).stderr).not.toMatch(/JSON/);
});
