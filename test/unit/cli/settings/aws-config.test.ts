import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSharedConfigFiles } from '@smithy/core/config';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  decideScope,
  findAwsContext,
  findCaBundle,
  parseIni,
  type AwsContext,
} from '../../../../src/cli/settings/aws-config.ts';
import type { Environment } from '../../../../src/cli/settings/resolve-settings.ts';

const NOTHING = {
  profileFiles: null,
  endpointUrl: null,
  region: null,
  profile: null,
  checksums: { inRequests: 'when_supported', inResponses: 'when_supported' },
  names: { endpoint: null, region: null, profile: null, credentials: null },
} as const;
let home = '';

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'breakwater-aws-'));
  mkdirSync(join(home, '.aws'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));
afterEach(() => {
  rmSync(join(home, '.aws', 'config'), { force: true });
  rmSync(join(home, '.aws', 'credentials'), { force: true });
  vi.unstubAllEnvs();
});

function writeAws(name: 'config' | 'credentials', ...lines: readonly string[]): void {
  writeFileSync(join(home, '.aws', name), lines.join('\n'));
}

function find(env: Environment = {}, wishes: Partial<AwsContext> = {}) {
  return findAwsContext({ ...NOTHING, ...wishes }, { env, home });
}

describe('findCaBundle', () => {
  const inConfig = 'ca_bundle in the AWS config file';

  it.each([
    ['the environment', null, { AWS_CA_BUNDLE: 'env.pem' }, { name: 'AWS_CA_BUNDLE', path: 'env.pem' }],
    ['the profile', null, { AWS_CA_BUNDLE: '' }, { name: inConfig, path: 'file.pem' }],
    ['the profile that is named', 'dev', {}, { name: inConfig, path: 'HOME/dev.pem' }],
    ['nothing, in a profile without one', 'other', {}, null],
    ['nothing, in a profile that is not there', 'gone', {}, null],
  ])('takes the authorities from %s', (_source, profile, env, expected) => {
    writeAws('config', '[default]', 'ca_bundle=file.pem', '[profile dev]', 'ca_bundle = ~/dev.pem', '[profile other]');
    const found = findCaBundle({ profile }, { env, home });
    expect(found === null ? null : { ...found, path: found.path.replace(home, 'HOME') }).toEqual(expected);
  });
});

describe('findAwsContext', () => {
  it('knows nothing where nothing is said', () => {
    expect(find()).toEqual(NOTHING);
  });

  const URL_OF_STORE = 'https://s3.example.com';
  const KEYS = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };

  it.each<[string, string | null, Environment, object]>([
    ['endpoint', '--endpoint-url', { AWS_ENDPOINT_URL_S3: URL_OF_STORE }, { endpointUrl: URL_OF_STORE }],
    ['endpoint', 'BREAKWATER_X', {}, { endpointUrl: URL_OF_STORE, origins: { endpointUrl: 'BREAKWATER_X' } }],
    ['endpoint', 'AWS_ENDPOINT_URL_S3', { AWS_ENDPOINT_URL_S3: URL_OF_STORE, AWS_ENDPOINT_URL: URL_OF_STORE }, {}],
    ['endpoint', 'AWS_ENDPOINT_URL', { AWS_ENDPOINT_URL: URL_OF_STORE, AWS_PROFILE: 'dev' }, {}],
    ['endpoint', 'endpoint_url in profile "dev"', { AWS_PROFILE: 'dev' }, {}],
    ['endpoint', 'endpoint_url of s3 in [services lab]', {}, { profile: 'lab' }],
    ['region', '--region', { AWS_REGION: 'r' }, { region: 'x' }],
    ['region', 'AWS_DEFAULT_REGION', { AWS_DEFAULT_REGION: 'r' }, {}],
    ['region', 'region in profile "default"', {}, {}],
    ['profile', 'AWS_PROFILE', { AWS_PROFILE: 'dev' }, {}],
    ['profile', '--profile', { AWS_PROFILE: 'dev' }, { profile: 'lab' }],
    ['credentials', 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY', KEYS, {}],
    // As in the SDK, a named profile comes first.
    ['credentials', 'profile "dev" (AWS_PROFILE)', { ...KEYS, AWS_PROFILE: 'dev' }, {}],
    ['credentials', null, { AWS_ACCESS_KEY_ID: 'a' }, {}],
  ])('names what has set the %s: %s', (setting, name, env, wishes) => {
    writeAws(
      'config',
      '[default]\nregion = file',
      `[profile dev]\nendpoint_url = ${URL_OF_STORE}`,
      `[profile lab]\nservices = lab\n[services lab]\ns3 =\n  endpoint_url = ${URL_OF_STORE}`,
    );
    expect(find(env, wishes).names).toMatchObject({ [setting]: name });
  });

  it.each([
    ['ftp://x', 'correct AWS_ENDPOINT_URL, for example to https://s3.example.com'],
    ['https://a:b@x', /^take them out of AWS_ENDPOINT_URL/],
    ['https://x?a', /^remove it from AWS_ENDPOINT_URL/],
  ])('says what to correct where %s is the endpoint', (AWS_ENDPOINT_URL, hint) => {
    let thrown: unknown;
    try {
      find({ AWS_ENDPOINT_URL });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'config', details: { hint: expect.stringMatching(hint) as string } });
  });

  it.each([
    ['flag', { region: 'flag' }, { AWS_REGION: 'r', AWS_DEFAULT_REGION: 'd' }, 'flag'],
    ['AWS_REGION', {}, { AWS_REGION: 'r', AWS_DEFAULT_REGION: 'd' }, 'r'],
    ['AWS_DEFAULT_REGION', {}, { AWS_REGION: '', AWS_DEFAULT_REGION: 'd' }, 'd'],
    ['the profile', {}, { AWS_REGION: '', AWS_DEFAULT_REGION: '' }, 'file'],
    ['the profile that the flag names', { profile: 'dev' }, { AWS_PROFILE: 'other' }, 'dev-file'],
    ['the profile of AWS_PROFILE', {}, { AWS_PROFILE: 'dev' }, 'dev-file'],
    ['nothing, in a profile that is not there', {}, { AWS_PROFILE: 'gone' }, null],
  ])('takes the region from %s', (_source, wishes, env, region) => {
    writeAws('config', '[default]', 'region = file', '[profile dev]', 'region = dev-file', '[profile other]');
    expect(find(env, wishes).region).toBe(region);
  });

  const E = {
    flag: 'https://flag',
    s3: 'https://env-s3',
    any: 'https://env',
    services: 'https://svc',
    file: 'https://f',
  };

  it.each([
    ['the flag', { endpointUrl: E.flag }, { AWS_ENDPOINT_URL_S3: E.s3, AWS_ENDPOINT_URL: E.any }, E.flag],
    ['AWS_ENDPOINT_URL_S3', {}, { AWS_ENDPOINT_URL_S3: E.s3, AWS_ENDPOINT_URL: E.any }, E.s3],
    ['AWS_ENDPOINT_URL', {}, { AWS_ENDPOINT_URL_S3: '', AWS_ENDPOINT_URL: E.any }, E.any],
    ['the services section', {}, { AWS_PROFILE: 'svc' }, E.services],
    ['the profile', {}, { AWS_PROFILE: 'plain' }, E.file],
    [
      'nothing, where they are ignored',
      {},
      { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'TRUE', AWS_ENDPOINT_URL: E.any },
      null,
    ],
    [
      'the flag, where they are ignored',
      { endpointUrl: E.flag },
      { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
      E.flag,
    ],
    ['nothing, where the profile ignores them', {}, { AWS_PROFILE: 'deaf', AWS_ENDPOINT_URL: E.any }, null],
    [
      'the environment, which goes over the profile that ignores them',
      {},
      { AWS_PROFILE: 'deaf', AWS_ENDPOINT_URL: E.any, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'false' },
      E.any,
    ],
  ])('takes the endpoint from %s', (_source, wishes, env, endpointUrl) => {
    writeAws(
      'config',
      '[profile svc]',
      'services = mine',
      `endpoint_url = ${E.file}`,
      '[services mine]',
      's3 =',
      `  endpoint_url = ${E.services}`,
      '[profile plain]',
      `endpoint_url = ${E.file}`,
      '[profile deaf]',
      'ignore_configured_endpoint_urls = true',
      `endpoint_url = ${E.file}`,
    );
    expect(find(env, wishes).endpointUrl).toBe(endpointUrl);
  });

  it.each([['http://localhost:9000'], ['https://s3.example.com/base/'], ['HTTPS://S3.example.com']])(
    'keeps the endpoint %s as it is',
    (endpointUrl) => {
      expect(find({}, { endpointUrl }).endpointUrl).toBe(endpointUrl);
    },
  );

  it('reads the files that the environment names', () => {
    writeFileSync(join(home, 'c'), '[default]\nregion = elsewhere\n');
    expect(find({ AWS_CONFIG_FILE: join(home, 'c') }).region).toBe('elsewhere');
    expect(find({ AWS_SHARED_CREDENTIALS_FILE: join(home, 'c') }).region).toBe('elsewhere');
    expect(find({ AWS_CONFIG_FILE: '~/c' }).region).toBe('elsewhere');
  });

  it.each([
    ['not a URL', 'is not an http or https URL'],
    ['ftp://host', 'is not an http or https URL'],
    ['s3.example.com', 'is not an http or https URL'],
    ['localhost:9000', 'is not an http or https URL'],
    ['https://key:hidden@host', 'contains credentials'],
    ['https://hidden@host', 'contains credentials'],
    ['https://:hidden@host', 'contains credentials'],
  ])('refuses the endpoint %s and shows nothing of it', (url, why) => {
    const refusal = expect.objectContaining({
      code: 'config',
      details: expect.objectContaining({ reason: 'bad_endpoint' }),
      message: expect.toSatisfy((text: string) => text.includes(why) && !text.includes('hidden')),
    });
    expect(() => find({}, { endpointUrl: url })).toThrow(refusal);
    expect(() => find({ AWS_ENDPOINT_URL: url })).toThrow(refusal);
  });
});

describe('findAwsContext and the SDK', () => {
  // The SDK reads the same files later; a circuit must be named for the place that it then goes to.
  it.each([
    ['a default', ['[default]', 'region=a'], null],
    ['blanks', ['  [default]  ', ' region  =  a  '], null],
    ['a profile', ['[profile dev]', 'region = a'], 'dev'],
    ['a comment after the value', ['[default]', 'region = a # not b'], null],
    ['a comment sign within the value', ['[default]', 'region = a#b'], null],
    ['a comment after the header', ['[default] ; mine', 'region = a'], null],
    ['comments', ['[default]', '# region = a', '; region = b'], null],
    ['the last one counts', ['[default]', 'region = a', 'region = b'], null],
    [
      'a section in two parts',
      ['[default]', 'output = json', '[profile x]', 'region = b', '[default]', 'region = a'],
      null,
    ],
    ['a setting below another', ['[default]', 's3 =', '  region = b'], null],
    ['a setting after a nested one', ['[default]', 's3 =', '  max = 1', 'region = a'], null],
    ['line ends of Windows', ['[default]\r', 'region = a\r'], null],
    ['a value with an equals sign', ['[default]', 'region = a=b'], null],
    ['settings without a section', ['region = a', '[default]', 'output = json'], null],
    ['settings before the first section', ['region = b', '[default]', 'region = a'], null],
    ['an indented setting below one that has a value', ['[default]', 'output = json', '  region = a'], null],
    ['a value that is a comment', ['[default]', 'region = # a'], null],
    ['nonsense', ['[default', 'region', '= a', '[default]', 'region = a'], null],
    ['another profile', ['[profile dev]', 'region = a'], 'prod'],
  ])('agree about the region: %s', async (_what, lines, profile) => {
    writeAws('config', ...lines);
    vi.stubEnv('HOME', home);
    const { configFile } = await loadSharedConfigFiles({ ignoreCache: true });
    const { region } = find({}, profile === null ? {} : { profile });
    expect(region).toBe(configFile[profile ?? 'default']?.['region'] ?? null);
  });

  it('agree that the region of the credentials file goes over that of the config file', () => {
    writeAws('config', '[default]', 'region = config');
    writeAws('credentials', '[default]', 'region = credentials');
    expect(find().region).toBe('credentials');
  });
});

describe('parseIni', () => {
  it('names nested settings by their parent, until a line begins at the margin', () => {
    const text =
      '[services mine]\ns3 =\n  endpoint_url = a\n  Other = b\nddb =\n\tendpoint_url = c\nplain = d\n  ignored\n';
    expect(Object.fromEntries(parseIni(text).get('services mine') ?? [])).toEqual({
      s3: '',
      's3.endpoint_url': 'a',
      's3.other': 'b',
      ddb: '',
      'ddb.endpoint_url': 'c',
      plain: 'd',
    });
  });
});

describe('decideScope', () => {
  it.each([
    ['mine', { endpointUrl: 'https://s3.example.com', region: 'eu-west-1' }, 'mine'],
    [null, { endpointUrl: 'https://s3.example.com/base?x', region: 'eu-west-1' }, 's3.example.com'],
    [null, { endpointUrl: 'http://S3.Example.com:9000', region: null }, 's3.example.com:9000'],
    [null, { endpointUrl: 'https://s3.example.com:443', region: null }, 's3.example.com'],
    [null, { endpointUrl: 'http://[::1]:9000', region: null }, '[::1]:9000'],
    [null, { endpointUrl: null, region: 'eu-west-1' }, 'eu-west-1'],
    [null, { endpointUrl: null, region: null }, 'aws'],
  ])('names the place: %s of %j is %s', (named, context, scope) => {
    expect(decideScope(named, context)).toBe(scope);
  });
});
