/*
 * Met: `sandbox --region eu-west-1` and `metrics --endpoint-url URL` were accepted and listed in the help, and had no effect.
 * So were `metrics --serve --format json`, `get s3://b/key --include '*.txt'`, `breaker-reset --all s3-upload`,
 * `metrics --push-job NAME` without a push, and more.
 * Cause: every command took all flags of S3; flags that need or exclude each other were checked at some places only.
 * Fix: commands take only what they use; a setting of other commands is refused by saying that it has no effect here, and
 * so is a flag without effect beside the others. As variables they are allowed.
 */
import { describe, expect, it } from 'vitest';
import Sweep from '../../src/commands/sweep.ts';
import { runInProcess } from '../support/in-process.ts';
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

const NOWHERE = ['--endpoint-url', 'http://127.0.0.1:1'];

describe('a flag without effect beside the others', () => {
  it.each([
    ['metrics --serve --format json', '--serve only serves: --format would be ignored'],
    ['metrics --reset --yes --format json', '--reset only resets: --format would be ignored'],
    ['metrics --push http://127.0.0.1:1 --format json', '--push only pushes: --format would be ignored'],
    ['metrics --textfile a.prom --format json', '--textfile only writes a file: --format would be ignored'],
    ['metrics --yes', '--yes has an effect only with --reset'],
    ['metrics --push-job a', '--push-job has an effect only where a push is set'],
    ['breaker-status --fleet-timeout 1s', '--fleet-timeout has an effect only where a fleet is set'],
    ['breaker-reset --all s3-upload', '--all has no effect with the name of a circuit'],
    ['config --schema --region eu-west-1', '--region has no effect with --schema'],
    ['get s3://bucket/key --include *.txt', '--include has an effect only with --recursive'],
    ['get s3://bucket/k*y --version-id 1 --exclude a', '--exclude has an effect only with --recursive'],
    ['get s3://bucket/key - --fsync', '--fsync has no effect with standard output'],
    ['get -r s3://bucket/a/ . --no-clobber --again', '--again has no effect with --no-clobber'],
    ['put - s3://bucket/key --include *.txt', '--include has no effect with standard input'],
    ['sweep s3://bucket/a/ --abort-uploads 1d --versions --yes', '--versions has an effect only with --older-than'],
    [
      'sweep s3://bucket/a/ --abort-uploads 1d --max-delete 1 --yes',
      '--max-delete has an effect only with --older-than',
    ],
    [
      'sweep s3://bucket/a/ --older-than 1d --keys-from - --list-concurrency 2 --yes',
      '--list-concurrency has no effect with --keys-from',
    ],
  ])('%s', async (line, message) => {
    await using program = await Program.create();
    const words = line.split(' ');
    const place = /^(?:get|put|sweep)/.test(line) ? NOWHERE : [];
    const ended = await program.run([...words, ...place, '--json']);
    expect(readDocument(ended).error).toMatchObject({ code: 'usage', message });
    expect(ended.status).toBe(2);
  });

  it('is not what a sweep without an age lacks', async () => {
    await using program = await Program.create();
    const ended = await program.run(['sweep', 's3://bucket/a/', '--versions', '--yes', '--json']);
    expect(readDocument(ended).error).toMatchObject({ code: 'usage', reason: 'needs_age' });
  });

  it('has one where its value is what happens anyway, and beside an empty variable', async () => {
    await using program = await Program.create({ BREAKWATER_PUSH: '', BREAKWATER_FLEET: '' });
    const lines = [
      'metrics --textfile a.prom --format prometheus',
      'metrics --push-job a',
      'breaker-status --fleet-timeout 1s',
    ];
    for (const line of lines) expect((await program.run(line.split(' '))).status).toBe(0);
  });

  it('is refused beside a variable, too', async () => {
    await using program = await Program.create({ BREAKWATER_ABORT_UPLOADS: '1d' });
    const ended = await program.run(['sweep', 's3://bucket/a/', '--versions', '--dry-run', ...NOWHERE]);
    expect([ended.status, ended.stderr]).toEqual([2, expect.stringContaining('--versions has an effect only with')]);
  });

  it('may be meant for other commands, as a variable', async () => {
    await using program = await Program.create({
      BREAKWATER_YES: '1',
      BREAKWATER_FORMAT: 'json',
      BREAKWATER_PUSH_JOB: 'a',
      BREAKWATER_FLEET_TIMEOUT: '1s',
      BREAKWATER_ALL: '1',
    });
    const lines = ['metrics', 'metrics --textfile a.prom', 'breaker-reset s3-upload', 'breaker-status'];
    for (const line of lines) expect((await program.run(line.split(' '))).status).toBe(0);
  });

  it('is a setting to show or to check, for config and doctor', async () => {
    await using program = await Program.create();
    expect((await program.run(['config', '--push-job', 'a', '--fleet-timeout', '1s'])).text).toContain('push-job');
  });
});

it('keeps no transfer from its work because its metrics or its fleet are not set', async () => {
  await using program = await Program.create();
  const details = ['--push-instance', 'a', '--fleet-timeout', '1s'];
  const words = ['put', '--dry-run', import.meta.filename, 's3://bucket/key', ...details, ...NOWHERE];
  expect((await program.run(words)).status).toBe(0);
});

it('asks for --all where uploads of a whole bucket would be aborted, whatever keys are named', async () => {
  const words = ['s3://bucket/', '--keys-from', '-', '--older-than', '1d', '--abort-uploads', '1d', '--yes'];
  const ended = await runInProcess(Sweep, words, { env: { AWS_REGION: 'eu-west-1' }, home: '/nonexistent' });
  expect([ended.status, ended.stderr]).toEqual([2, expect.stringContaining('empty prefix')]);
});
