/**
 * Met: `-q`, `-v` and `-V`, as other programs have them, were unknown flags without a pointer, and `breakwater status` an unknown
 *   command. `metrics --listen` without `--serve`, and `breaker-status --read-only` without `--watch`, did nothing, silently.
 * Cause: only whole words were compared with what is known; nothing looked for the flag that another one belongs to.
 * Fix: known letters and the end of a command's name lead to what is meant; a flag that would be ignored is refused.
 */
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';

it.each([
  ['put -q a s3://bucket/', 'unknown flag -q', /^did you mean --quiet\? see breakwater put --help$/],
  ['put -n a s3://bucket/', 'unknown flag -n', /^did you mean --dry-run\?/],
  ['put -V', 'unknown flag -V', /breakwater --version/],
  ['-v', 'unknown flag -v', /^did you mean --verbose or --version\?/],
  ['-V', 'unknown flag -V', /^did you mean --version\?/],
  ['put --dryrun a s3://bucket/', 'unknown flag --dryrun', /^did you mean --dry-run\?/],
  ['swep', 'unknown command swep', /^did you mean sweep\?/],
  ['status', 'unknown command status', /^did you mean breaker-status\?/],
  ['metrics --listen 127.0.0.1:0', '--listen has an effect only with --serve', /^add --serve, or leave --listen out$/],
  ['metrics --allow-host a', '--allow-host has an effect only with --serve', /--serve/],
  ['breaker-status --read-only', '--read-only has an effect only with --watch', /--watch/],
])('%s', async (line, message, hint) => {
  await using program = await Program.create({ BREAKWATER_JSON: '1' });
  const ended = await program.run(line.split(' '));
  expect(ended.status).toBe(2);
  expect(readDocument(ended).error).toMatchObject({ message, hint: expect.stringMatching(hint) as string });
});

it('may be in the environment for when it is needed', async () => {
  await using program = await Program.create({ BREAKWATER_LISTEN: '127.0.0.1:0', BREAKWATER_READ_ONLY: '1' });
  for (const words of [['metrics'], ['breaker-status']]) expect((await program.run(words)).status).toBe(0);
});
