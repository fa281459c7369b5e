/*
 * Met: `sandbox --region eu-west-1` and `metrics --endpoint-url URL` were accepted and listed in the help, and had no effect.
 * Cause: every command took all flags of S3.
 * Fix: commands take only what they use; a setting of other commands is refused by saying that it has no effect here.
 */
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';

it.each([
  ['metrics --region eu-west-1', '--region has no effect on metrics'],
  ['--endpoint-url http://127.0.0.1:1 metrics', '--endpoint-url has no effect on metrics'],
  ['sandbox --port 0 --profile a', '--profile has no effect on sandbox'],
  ['breaker-status --path-style', '--path-style has no effect on breaker-status'],
  ['breaker-reset --all --no-path-style', '--no-path-style has no effect on breaker-reset'],
  ['sweep s3://bucket/a/ --older-than 1d --dry-run --wait 1s', '--wait has no effect on sweep'],
])('%s', async (line, message) => {
  await using program = await Program.create();
  const ended = await program.run([...line.split(' '), '--json']);
  expect(ended.status).toBe(2);
  expect(readDocument(ended).error).toMatchObject({ code: 'usage', message });
});

it('may still be set in the environment, for all commands', async () => {
  await using program = await Program.create({ BREAKWATER_REGION: 'eu-west-1', BREAKWATER_PATH_STYLE: 'true' });
  for (const words of [['metrics'], ['breaker-status']]) expect((await program.run(words)).status).toBe(0);
});
