/**
 * Met: `breaker-reset --fleet redis://user:password@host s3-upload` printed the URL as the name of an unknown circuit, and
 * `--fleet-timeout redis://...` as a refused value. `BREAKWATER_FLEET=password breakwater config` showed it. `put --fleet
 * redis://token@host` was accepted, though every user of the machine sees it.
 * Cause: only values of settings with a URL were hidden; text without a scheme was taken for a host; only a password counted.
 * Fix: every word of a user in an error is shown without the credentials of a URL; `config` shows of such a setting only
 * what has the form of its URL; a user in a flag is refused, too.
 */
import { describe, expect, it } from 'vitest';
import { readFleetTarget } from '../../src/cli/fleet/fleet-target.ts';
import { parseS3Url } from '../../src/cli/flags/s3-url.ts';
import { toBreakwaterError } from '../../src/cli/flags/usage-error.ts';
import { findStartError } from '../../src/cli/start-error.ts';
import { resolveSettings } from '../../src/cli/settings/resolve-settings.ts';
import { traceSecrets } from '../../src/cli/settings/trace-aws.ts';
import { traceSettings } from '../../src/cli/settings/trace-settings.ts';
import BreakerReset from '../../src/commands/breaker-reset.ts';
import Metrics from '../../src/commands/metrics.ts';
import { BreakwaterError } from '../../src/errors.ts';
import { readError } from '../../src/transfer/local-errors.ts';
import { runInProcess } from '../support/in-process.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const URLS = [
  'redis://u:hunter2@h',
  'redis://hunter2@h/0',
  'rediss://u:a/hunter2#?@h:6379',
  'http://h/?token=hunter2',
  'u:hunter2@h:6379',
];
const HOME = '/nonexistent';

function resolve({
  flags = {},
  env = {},
  entries = {},
}: Partial<Parameters<typeof resolveSettings>[0]> & { entries?: object }) {
  return resolveSettings({ flags, env, home: HOME, file: { path: 'config.json', entries: { ...entries } } });
}

async function messageOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof BreakwaterError) return `${error.message} ${error.details.hint}`;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe.each(URLS)('%s', (url) => {
  const aws = () => ({ endpointUrl: null, region: null }) as never;

  it.each<[string, () => unknown]>([
    ['a flag', () => resolve({ flags: { 'fleet-timeout': url } })],
    ['a variable', () => resolve({ env: { BREAKWATER_FLEET_QUORUM: url } })],
    ['a value of the config file', () => resolve({ entries: { retries: url } })],
    ['a list in the config file', () => resolve({ entries: { retries: [url.replace('u:', 'redis://u:')] } })],
    ['a key of the config file', () => resolve({ entries: { [url]: 1 } })],
    ['a source of get', () => parseS3Url(url, { aws })],
    [
      'a command',
      async () => {
        throw await findStartError(new Error('x'), { argv: [url], program: { root: '.', userPlugins: false } });
      },
    ],
    [
      'a local file',
      () => {
        throw readError(url, Object.assign(new Error('x'), { code: 'ENOENT' }));
      },
    ],
  ])('is not printed as %s', async (_place, action) => {
    expect(await messageOf(action)).not.toContain('hunter2');
  });
});

describe.each(URLS.slice(0, 4))('%s', (url) => {
  it('is not printed as a circuit, or as a choice', async () => {
    const sandbox = await startTestSandbox();
    try {
      const place = { env: sandbox.env, home: HOME };
      const reset = await runInProcess(BreakerReset, ['--fleet', url, 's3-upload'], place);
      expect([reset.status, reset.stderr]).toEqual([2, expect.stringContaining('BREAKWATER_FLEET')]);
      expect(`${reset.stdout.toString()}${reset.stderr}`).not.toContain('hunter2');
      const parsing: unknown = await runInProcess(Metrics, ['--format', url], place).catch((error: unknown) => error);
      expect(toBreakwaterError(parsing, { command: 'metrics', flags: [] }).message).toMatch(/\*{3}(?!.*hunter2)/);
    } finally {
      await sandbox.close();
    }
  });
});

it.each([
  's3://bucket/a@b?c#d',
  'docs@2024',
  's3-upload@127.0.0.1:9000',
  'http://127.0.0.1:9000/x',
  '2024-01-01T00:00:00Z',
])('shows %s, which has no credentials', async (word) => {
  expect(await messageOf(() => resolve({ flags: { retries: word } }))).toContain(`"${word}"`);
});

describe('config', () => {
  it.each([
    ['BREAKWATER_FLEET', 'hunter2', '***'],
    ['BREAKWATER_FLEET', 'redis://h/hunter2', '***'],
    ['BREAKWATER_FLEET', 'redis:hunter2', '***'],
    ['BREAKWATER_FLEET', 'redis://hunter2@h/3', 'redis://***@h/3'],
    ['BREAKWATER_FLEET', 'redis://h', 'redis://h'],
    ['BREAKWATER_PUSH', 'hunter2', '***'],
    ['BREAKWATER_PUSH', 'http://gateway:9091/path', 'http://gateway:9091/path'],
    ['BREAKWATER_ENDPOINT_URL', 'hunter2', '***'],
    ['BREAKWATER_FLEET_CA', 'redis://u:hunter2@h', 'redis://***@h'],
    ['BREAKWATER_PROFILE', 'http://u:hunter2@h', 'http://***@h'],
  ])('shows %s=%s as %s', (name, value, shown) => {
    const env = { [name]: value };
    const file = { path: 'config.json', entries: {} };
    const traced = traceSettings({ settings: resolve({ env }), env, file, given: new Set() });
    expect(traced.find(({ variable }) => variable === name)?.value).toBe(shown);
  });
});

describe('a variable that names a file with a secret', () => {
  it.each([
    ['hunter2', '***'],
    ['redis://u:hunter2@h', '***'],
    ['/run/secrets/fleet', '/run/secrets/fleet'],
    ['../fleet', '../fleet'],
    ['package.json', 'package.json'],
  ])('%s is shown as %s', (value, shown) => {
    expect(traceSecrets({ env: { BREAKWATER_FLEET_FILE: value } })['BREAKWATER_FLEET_FILE']?.value).toBe(shown);
  });
});

describe('a flag with a user alone', () => {
  it('is refused, and the variable is not', async () => {
    const flag = resolve({ flags: { fleet: 'redis://hunter2@h' } });
    const message = await messageOf(() => readFleetTarget(flag, {}));
    expect(message).toContain('--fleet has a user or password');
    expect(message).not.toContain('hunter2');
    const variable = resolve({ env: { BREAKWATER_FLEET: 'redis://breakwater@h' } });
    expect(readFleetTarget(variable, {})).toMatchObject({ username: 'breakwater', password: null });
  });
});
