import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandRun } from '../command-run.ts';
import { findHome } from '../find-home.ts';
import { readAwsFiles } from './aws-files.ts';
import { findNamedFault, findProfileFault } from './profile-fault.ts';
import { AWS_ENDPOINT, nameProxy } from './find-proxy.ts';
import { MASK, maskCredentials } from '../../mask-credentials.ts';
import { maskUrl } from './mask-url.ts';
import type { TracedValue } from './trace-settings.ts';

/** Read by the AWS SDK itself. */
const SDK_SWITCHES = ['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'] as const;

/** Ours that are no settings, because they hold a secret or name a file with one. */
export const SECRETS = ['BREAKWATER_PUSH_USER', 'BREAKWATER_PUSH_PASSWORD', 'BREAKWATER_PUSH_TOKEN'] as const;
export const SECRET_FILES = [
  'BREAKWATER_FLEET_FILE',
  'BREAKWATER_PUSH_PASSWORD_FILE',
  'BREAKWATER_PUSH_TOKEN_FILE',
] as const;

type AwsRun = Pick<CommandRun, 'aws' | 'caBundle' | 'env' | 'settings'>;

const NOT_SET: TracedValue = { value: null, source: 'default', setBy: null };

/**
 * What is in force of the settings that other AWS tools share, by name: after the flags, the environment and the AWS
 * files. No secret is read.
 * @throws BreakwaterError `config` if one of them is unusable
 */
export function traceAws(run: AwsRun): Readonly<Record<string, TracedValue>> {
  const { endpointUrl, region, profile, checksums, names } = run.aws();
  const { env } = run;
  const trace = (value: string | null, setBy: string | null): TracedValue => traceNamed({ value, setBy }, run);
  const caBundle = run.caBundle();
  const proxy = nameProxy(new URL(endpointUrl ?? AWS_ENDPOINT), env);
  return {
    profile: trace(profile, names.profile),
    region: trace(region, names.region),
    endpoint_url: trace(endpointUrl, names.endpoint),
    credentials: traceCredentials(run),
    config_file: traceFile('AWS_CONFIG_FILE', 'config', env),
    credentials_file: traceFile('AWS_SHARED_CREDENTIALS_FILE', 'credentials', env),
    ca_bundle: trace(caBundle?.path ?? null, caBundle?.name ?? null),
    proxy: trace(proxy === null ? null : maskUrl(env[proxy] ?? ''), proxy),
    request_checksum_calculation: traceMode(checksums.inRequests, 'AWS_REQUEST_CHECKSUM_CALCULATION', env),
    response_checksum_validation: traceMode(checksums.inResponses, 'AWS_RESPONSE_CHECKSUM_VALIDATION', env),
    ...Object.fromEntries(
      SDK_SWITCHES.map((name) => [name.slice('AWS_'.length).toLowerCase(), traceVariable(name, env)]),
    ),
  };
}

/** What they come from. They are not read: whether it has any, the names of its fields say. */
function traceCredentials(run: AwsRun): TracedValue {
  const { names } = run.aws();
  const files = readAwsFiles({ env: run.env, home: findHome(run.env) });
  const fault = names.profile === null ? null : findNamedFault(run);
  if (names.credentials !== null) {
    const traced = { ...traceNamed({ value: MASK, setBy: names.credentials }, run), value: MASK };
    return fault === null ? traced : { ...traced, value: null, setBy: `${names.credentials}: ${fault}` };
  }
  const isInDefault = findProfileFault('default', files) === null;
  return isInDefault ? { value: MASK, source: 'aws_file', setBy: 'profile "default"' } : NOT_SET;
}

/** Which variables with secrets are set, and the paths of those that name a file. */
export function traceSecrets({ env }: Pick<CommandRun, 'env'>): Readonly<Record<string, TracedValue>> {
  return Object.fromEntries([
    ...SECRETS.map((name) => {
      const traced = traceVariable(name, env);
      return [name, traced.value === null ? traced : { ...traced, value: MASK }] as const;
    }),
    ...SECRET_FILES.map((name) => [name, traceSecretFile(name, env)] as const),
  ]);
}

/** By the name that hints use: of one of our settings, of a variable, or of a field in an AWS file. */
function traceNamed({ value: named, setBy }: Omit<TracedValue, 'source'>, { env, settings }: AwsRun): TracedValue {
  if (named === null || setBy === null) return NOT_SET;
  const value = typeof named === 'string' ? maskCredentials(named) : named;
  if (setBy.startsWith('--')) return { value, setBy, source: 'flag' };
  const isOurs = Object.values(settings.origins).includes(setBy);
  if (isOurs) return { value, setBy, source: setBy in env ? 'environment' : 'file' };
  const [first = ''] = setBy.split(' ');
  return { value, setBy, source: first in env ? 'environment' : 'aws_file' };
}

function traceVariable(name: string, env: CommandRun['env']): TracedValue {
  const value = env[name] ?? '';
  return value === '' ? NOT_SET : { value: maskCredentials(value), source: 'environment', setBy: name };
}

/** The path of a file with a secret. What neither looks like one nor is one may be the secret itself. */
function traceSecretFile(name: string, env: CommandRun['env']): TracedValue {
  const traced = traceVariable(name, env);
  const isPath = typeof traced.value !== 'string' || /^[.~]{0,2}[/\\]|^[A-Za-z]:[/\\]/.test(traced.value);
  return isPath || existsSync(env[name] ?? '') ? traced : { ...traced, value: MASK };
}

function traceFile(variable: string, name: string, env: CommandRun['env']): TracedValue {
  const traced = traceVariable(variable, env);
  return traced.value === null ? { ...NOT_SET, value: join(env['HOME'] ?? '~', '.aws', name) } : traced;
}

function traceMode(mode: string, variable: string, env: CommandRun['env']): TracedValue {
  const traced = traceVariable(variable, env);
  if (traced.value !== null) return { ...traced, value: mode };
  // The variable is not set, so another mode than the default is the profile's.
  return mode === 'when_supported'
    ? { ...NOT_SET, value: mode }
    : {
        value: mode,
        source: 'aws_file',
        setBy: `${variable.slice('AWS_'.length).toLowerCase()} in the AWS config files`,
      };
}
