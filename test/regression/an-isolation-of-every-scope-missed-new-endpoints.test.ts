import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

type Circuits = readonly Record<string, unknown>[];

/*
 * `breaker-isolate s3-upload` was expanded to the scopes that had a record when it was given; any other endpoint was let
 * through. `breaker-status --check s3-upload` asked every scope, so that an outage elsewhere skipped healthy jobs.
 */
describe('a name without a scope', () => {
  it('isolates scopes that were never used, until it is reset', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    await writeFile(program.path('file'), 'bytes');
    const put = ['put', '--json', 'file', 's3://bucket/key'];
    const isolated = await program.run(['breaker-isolate', 's3-upload', '--for', '1h', '--reason', 'migration']);
    expect(isolated.text).toBe('every scope of s3-upload is isolated\n');

    const refused = await program.run(put);
    expect(refused.status).toBe(75);
    expect(readDocument(refused).error).toMatchObject({
      reason: 'isolated',
      circuit: `s3-upload@${new URL(sandbox.endpoint).host}`,
      message: expect.stringMatching(/isolated, as every scope of s3-upload, by .* until .*: migration$/),
      isolation: { circuit: 's3-upload', reason: 'migration', until: expect.stringMatching(/Z$/) },
    });
    expect(sandbox.requests()).toEqual([]);
    const scope = ['--circuit-scope', 'elsewhere'];
    expect((await program.run([...put, ...scope])).status).toBe(75);

    const shown = readDocument(await program.run(['breaker-status', '--json', '--history', ...scope]));
    expect((shown['circuits'] as Circuits).map(({ name, state }) => [name, state])).toEqual([
      ['s3-download@elsewhere', 'closed'],
      ['s3-upload@elsewhere', 'isolated'],
    ]);
    expect(shown['history'] as Circuits).toMatchObject([{ circuit: 's3-upload', to: 'isolated' }]);
    const { text } = await program.run(['metrics']);
    expect(text).toMatch(/^s3_circuit_breaker_state\{circuit_name="s3-upload@[^"]*"\} 2$/m);
    expect(text).not.toMatch(/^s3_circuit_breaker_state\{circuit_name="s3-upload"\}/m);

    const one = await program.run(['breaker-reset', 's3-upload@elsewhere']);
    expect(one.text).toMatch(/every scope of s3-upload is still isolated: breakwater breaker-reset s3-upload\n$/);
    expect((await program.run(put)).status).toBe(75);
    expect((await program.run(['breaker-reset', 's3-upload'])).text).toMatch(/^every scope of s3-upload is no longer/);
    expect((await program.run(put)).status).toBe(0);
  });

  it('asks about the scope in use, and about every scope only with --all-scopes', async () => {
    await using sandbox = await startTestSandbox();
    await using program = await Program.create(sandbox.env);
    await program.run(['breaker-isolate', 's3-upload@elsewhere', '--for', '1h']);
    const check = async (...rest: readonly string[]): Promise<number | null> =>
      (await program.run(['breaker-status', '--check', '--quiet', ...rest])).status;
    expect([await check(), await check('s3-upload'), await check('s3-download')]).toEqual([0, 0, 0]);
    expect([await check('--all-scopes'), await check('--all-scopes', 's3-upload')]).toEqual([75, 75]);
    expect(await check('--all-scopes', 's3-download')).toBe(0);
    expect(await check('s3-upload@elsewhere')).toBe(75);
    expect([await check('--circuit-scope', 'elsewhere'), await check('--circuit-scope', 'other')]).toEqual([75, 0]);
  });

  it('refuses a time that is too long, and isolates nothing', async () => {
    await using program = await Program.create({ AWS_REGION: 'eu-west-1' });
    const ended = await program.run(['breaker-isolate', 's3-upload', '--for', '99999999d', '--json']);
    expect(ended.status).toBe(2);
    expect(readDocument(ended).error).toMatchObject({ code: 'usage', message: expect.stringContaining('3650d') });
    expect((await program.run(['breaker-status', '--check', '--all-scopes'])).status).toBe(0);
  });
});
