import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../../src/cli/settings/resolve-settings.ts';
import { traceAws, traceSecrets } from '../../../../src/cli/settings/trace-aws.ts';
import { traceSettings } from '../../../../src/cli/settings/trace-settings.ts';
import { findAwsContext, findCaBundle } from '../../../../src/cli/settings/aws-config.ts';

const PATH = '/home/me/.config/breakwater/config.json';
const HOME = '/home/me';

interface Given {
  readonly flags?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly entries?: Readonly<Record<string, unknown>>;
}

function trace({ flags = {}, env = {}, entries = {} }: Given) {
  const file = { path: PATH, entries };
  const settings = resolveSettings({ flags, env, home: HOME, file });
  const traced = traceSettings({ settings, env, file, given: new Set(Object.keys(flags)) });
  return Object.fromEntries(traced.map(({ key, value, source, setBy }) => [key, [value, source, setBy]]));
}

function traceAwsOf({ flags = {}, env = {}, entries = {} }: Given) {
  const settings = resolveSettings({ flags, env, home: HOME, file: { path: PATH, entries } });
  const aws = () => findAwsContext(settings, { env, home: HOME });
  const caBundle = () => findCaBundle(aws(), { env, home: HOME });
  const traced = traceAws({ aws, caBundle, env, settings });
  return Object.fromEntries(
    Object.entries(traced).map(([name, { value, source, setBy }]) => [name, [value, source, setBy]]),
  );
}

describe('traceSettings', () => {
  it('names what has set a value, in the order of precedence, and writes it as the file takes it', () => {
    const entries = { 'open-for': '90s', retries: '4', wait: '1s', quiet: true };
    const env = { BREAKWATER_RETRIES: '5', BREAKWATER_WAIT: '2s', BREAKWATER_PROBE_LEASE: '' };
    expect(trace({ flags: { wait: '1500ms' }, env, entries })).toMatchObject({
      wait: ['1s500ms', 'flag', '--wait'],
      retries: [5, 'environment', 'BREAKWATER_RETRIES'],
      open_for: ['1m30s', 'file', `open-for in ${PATH}`],
      quiet: [true, 'file', `quiet in ${PATH}`],
      probe_lease: ['30s', 'default', null],
      deadline: [null, 'default', null],
      state_dir: ['/home/me/.local/state/breakwater', 'default', null],
    });
  });

  it('shows no password of a URL', () => {
    const env = {
      BREAKWATER_FLEET: 'redis://u:secret@r:1',
      BREAKWATER_PUSH: 'http://u:secret@g',
      BREAKWATER_ENDPOINT_URL: 'http://a:secret@s',
    };
    const traced = trace({ env });
    expect(JSON.stringify(traced)).not.toContain('secret');
    expect(traced['fleet']).toEqual(['redis://***@r:1', 'environment', 'BREAKWATER_FLEET']);
  });
});

describe('traceAws', () => {
  it('tells our settings, the environment and the defaults apart', () => {
    const env = {
      AWS_REGION: 'eu-west-1',
      AWS_PROFILE: 'p',
      BREAKWATER_PROFILE: 'mine',
      AWS_ENDPOINT_URL: 'http://store:9000',
      http_proxy: 'u:secret@proxy:1',
      AWS_CONFIG_FILE: '/nowhere/config',
      AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required',
      AWS_USE_FIPS_ENDPOINT: 'true',
    };
    const traced = traceAwsOf({ env, entries: { region: 'eu-central-1' } });
    expect(traced).toMatchObject({
      profile: ['mine', 'environment', 'BREAKWATER_PROFILE'],
      region: ['eu-central-1', 'file', `region in ${PATH}`],
      endpoint_url: ['http://store:9000', 'environment', 'AWS_ENDPOINT_URL'],
      config_file: ['/nowhere/config', 'environment', 'AWS_CONFIG_FILE'],
      proxy: ['***@proxy:1', 'environment', 'http_proxy'],
      request_checksum_calculation: ['when_required', 'environment', 'AWS_REQUEST_CHECKSUM_CALCULATION'],
      response_checksum_validation: ['when_supported', 'default', null],
      use_fips_endpoint: ['true', 'environment', 'AWS_USE_FIPS_ENDPOINT'],
      use_dualstack_endpoint: [null, 'default', null],
    });
    expect(traceAwsOf({ flags: { region: 'r' } })['region']).toEqual(['r', 'flag', '--region']);
  });

  it('shows no credentials, only where they are', () => {
    const env = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret' };
    expect(traceAwsOf({ env })['credentials']).toEqual([
      '***',
      'environment',
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    ]);
    expect(traceAwsOf({})['credentials']).toEqual([null, 'default', null]);
  });
});

describe('traceSecrets', () => {
  it('says which are set, and shows paths only', () => {
    const traced = traceSecrets({ env: { BREAKWATER_PUSH_TOKEN: 'secret', BREAKWATER_FLEET_FILE: '/run/fleet' } });
    expect(traced['BREAKWATER_PUSH_TOKEN']).toMatchObject({ value: '***', source: 'environment' });
    expect(traced['BREAKWATER_FLEET_FILE']).toMatchObject({ value: '/run/fleet' });
    expect(traced['BREAKWATER_PUSH_USER']).toMatchObject({ value: null, source: 'default' });
  });
});
