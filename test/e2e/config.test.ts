import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { configSchema } from '../../src/cli/settings/config-schema.ts';
import { Program, readDocument } from '../support/program.ts';

async function writeConfig(program: Program, text: string): Promise<string> {
  await mkdir(program.path('.config', 'breakwater'), { recursive: true });
  const path = program.path('.config', 'breakwater', 'config.json');
  await writeFile(path, text);
  return path;
}

const SECRETS = {
  BREAKWATER_FLEET: 'redis://user:hunter2@127.0.0.1:1',
  BREAKWATER_PUSH_TOKEN: 'hunter2',
  AWS_SECRET_ACCESS_KEY: 'hunter2',
  AWS_SESSION_TOKEN: 'hunter2',
  AWS_ACCESS_KEY_ID: 'AKIAHUNTER2',
  HTTPS_PROXY: 'http://user:hunter2@127.0.0.1:1',
};

describe('config', () => {
  it('shows each setting with its value and what has set it, and no secret', async () => {
    await using program = await Program.create(SECRETS);
    const path = await writeConfig(program, '{"open-for": "90s", "retries": 5}');
    const env = { BREAKWATER_WAIT: '2m', AWS_REGION: 'eu-west-1' };
    const { status, text, stderr } = await program.run(['config', '--retries', '7'], { env });
    expect([status, stderr]).toEqual([0, '']);
    expect(text).toContain(`config file: ${path}\n`);
    for (const row of [
      /^retries +7 +--retries$/m,
      /^open_for +1m30s +open-for in the config file$/m,
      /^wait +2m +BREAKWATER_WAIT$/m,
      /^probe_lease +30s +default$/m,
      /^fleet +redis:\/\/\*{3}@127\.0\.0\.1:1 +BREAKWATER_FLEET$/m,
      /^region +eu-west-1 +AWS_REGION$/m,
      /^proxy +http:\/\/\*{3}@127\.0\.0\.1:1 +HTTPS_PROXY$/m,
      /^BREAKWATER_PUSH_TOKEN +\*{3} +BREAKWATER_PUSH_TOKEN$/m,
      /^circuits: s3-upload@eu-west-1, s3-download@eu-west-1$/m,
    ]) {
      expect(text).toMatch(row);
    }
    const { text: json } = await program.run(['config', '--json'], { env });
    expect(`${text}${json}`).not.toMatch(/hunter2/i);
  });

  it('prints one document', async () => {
    await using program = await Program.create({ AWS_PROFILE: 'p' });
    const path = program.path('.config', 'breakwater', 'config.json');
    const document = readDocument(await program.run(['config', '--json', '--open-for', '5m']));
    expect(document).toMatchObject({
      ok: true,
      command: 'config',
      file: { path, found: false },
      settings: {
        open_for: {
          value: '5m',
          source: 'flag',
          set_by: '--open-for',
          flag: '--open-for',
          variable: 'BREAKWATER_OPEN_FOR',
        },
        deadline: { value: null, source: 'default', set_by: null, otherwise: 'none' },
      },
      aws: { profile: { value: 'p', source: 'environment', set_by: 'AWS_PROFILE' } },
      circuits: ['s3-upload@aws', 's3-download@aws'],
    });
  });

  it('prints the schema of the file', async () => {
    await using program = await Program.create();
    const { text } = await program.run(['config', '--schema']);
    expect(JSON.parse(text)).toEqual(configSchema());
    expect(readDocument(await program.run(['config', '--schema', '--json']))['schema']).toEqual(configSchema());
  });

  it.each([
    { env: { BREAKWATER_PUSH: 'http://user:hunter2@gateway' }, why: /BREAKWATER_PUSH|credentials/ },
    { env: { AWS_ENDPOINT_URL: 'http://user:hunter2@store' }, why: /the endpoint URL contains credentials/ },
    { env: { BREAKWATER_FLEET: 'http://user:hunter2@store' }, why: /no redis or rediss URL/ },
    { env: { HTTP_PROXY: '', HTTPS_PROXY: 'ftp://user:hunter2@store' }, why: null },
  ])('shows settings that cannot be used, masked, and ends as a transfer would: $env', async ({ env, why }) => {
    await using program = await Program.create(env);
    const { status, text, stderr } = await program.run(['config']);
    expect([status, stderr === '' ? null : why]).toEqual(why === null ? [0, null] : [78, expect.anything()]);
    if (why !== null) expect(stderr).toMatch(why);
    expect(text).toMatch(/^retries +3 +default$/m);
    expect(`${text}${stderr}`).not.toContain('hunter2');
  });

  it.each([
    {
      text: '{\n  "retries": 3,\n  "open_for" "5s"\n}',
      message: 'is not valid JSON: line 3, column 14: expected a colon',
      hint: '',
    },
    { text: '{"opne_for": "5s"}', message: 'unknown setting "opne_for" in', hint: 'did you mean "open_for"?' },
    { text: '{"open-for": "5s", "open_for": "6s"}', message: 'are the same setting', hint: 'keep one of the two' },
    { text: '{"open_for": 5}', message: 'open_for in', hint: 'fix or unset open_for in' },
  ])('refuses $text in every command, with what is wrong', async ({ text, message, hint }) => {
    await using program = await Program.create();
    const path = await writeConfig(program, text);
    for (const args of [['config'], ['breaker-status']]) {
      const { error } = readDocument(await program.run([...args, '--json']));
      expect(error).toMatchObject({ code: 'config', exit_status: 78 });
      expect(error?.['message']).toContain(message);
      expect(error?.['message']).toContain(path);
      expect(error?.['hint']).toContain(hint);
    }
  });
});
