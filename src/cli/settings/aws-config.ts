import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import type { NamedFile } from './named-file.ts';
import { parseIni, type IniSections } from './ini.ts';
import { once } from '../../once.ts';
import type { Environment, Settings } from './resolve-settings.ts';

/** Where S3 is, as far as it is known without the SDK. Null: AWS's own endpoint, no region or no profile named. */
export interface AwsContext {
  readonly endpointUrl: string | null;
  readonly region: string | null;
  readonly profile: string | null;
}

type S3Wishes = Pick<Settings, 'endpointUrl' | 'region' | 'profile'>;

/**
 * Finds endpoint, region and profile: flag, then the AWS environment, then the shared config files.
 * Costs two small files and no SDK, so that a refused command can name its circuit at once.
 * @throws BreakwaterError `config` for an unusable endpoint
 */
export function findAwsContext(wishes: S3Wishes, { env, home }: { env: Environment; home: string }): AwsContext {
  const profile = wishes.profile ?? nonEmpty(env['AWS_PROFILE']);
  const configured = once(() => readProfile(profile ?? 'default', { env, home }));
  const endpointUrl = wishes.endpointUrl ?? findEndpoint(env, configured);
  return {
    endpointUrl: endpointUrl === null ? null : checkEndpoint(endpointUrl),
    region: wishes.region ?? nonEmpty(env['AWS_REGION']) ?? nonEmpty(env['AWS_DEFAULT_REGION']) ?? configured().region,
    profile,
  };
}

/**
 * The file of certificate authorities that are trusted instead of those that Node knows: by `AWS_CA_BUNDLE`, else by the profile
 * (AWS SDKs and Tools Reference Guide, "General configuration settings", `ca_bundle`); null where none is named.
 */
export function findCaBundle(
  { profile }: Pick<AwsContext, 'profile'>,
  { env, home }: { env: Environment; home: string },
): NamedFile | null {
  const named = nonEmpty(env['AWS_CA_BUNDLE']);
  if (named !== null) return { name: 'AWS_CA_BUNDLE', path: named };
  const path = readProfile(profile ?? 'default', { env, home }).caBundle;
  return path === null ? null : { name: 'ca_bundle in the AWS config file', path: expandHome(path, home) };
}

/** The scope of circuits: what was named, else the endpoint's host and port, else the region, else `aws`. */
export function decideScope(named: string | null, { endpointUrl, region }: AwsContext): string {
  if (named !== null) return named;
  if (endpointUrl !== null) return new URL(endpointUrl).host;
  return region ?? 'aws';
}

interface ProfileFacts {
  readonly endpointUrl: string | null;
  readonly region: string | null;
  readonly ignoresEndpoints: boolean;
  readonly caBundle: string | null;
}

function findEndpoint(env: Environment, configured: () => ProfileFacts): string | null {
  const switchedOff = nonEmpty(env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']);
  if (switchedOff === null ? configured().ignoresEndpoints : switchedOff.toLowerCase() === 'true') return null;
  return nonEmpty(env['AWS_ENDPOINT_URL_S3']) ?? nonEmpty(env['AWS_ENDPOINT_URL']) ?? configured().endpointUrl;
}

function readProfile(profile: string, { env, home }: { env: Environment; home: string }): ProfileFacts {
  const open = (variable: string, name: string): IniSections =>
    readIni(expandHome(nonEmpty(env[variable]) ?? join('~', '.aws', name), home));
  const config = open('AWS_CONFIG_FILE', 'config');
  const credentials = open('AWS_SHARED_CREDENTIALS_FILE', 'credentials');
  // Of this file, unlike the other, only the default profile may do without the word.
  const settings = config.get(`profile ${profile}`) ?? (profile === 'default' ? config.get(profile) : undefined);
  const read = (key: string): string | null =>
    nonEmpty(credentials.get(profile)?.get(key)) ?? nonEmpty(settings?.get(key));
  const services = config.get(`services ${settings?.get('services') ?? ''}`);
  return {
    endpointUrl: nonEmpty(services?.get('s3.endpoint_url')) ?? read('endpoint_url'),
    region: read('region'),
    ignoresEndpoints: read('ignore_configured_endpoint_urls')?.toLowerCase() === 'true',
    caBundle: read('ca_bundle'),
  };
}

function expandHome(path: string, home: string): string {
  return path.replace(/^~(?=\/)/, () => home);
}

/** A file that cannot be read is as good as none: the SDK reads it again and says so. */
function readIni(path: string): IniSections {
  try {
    return parseIni(readFileSync(path, 'utf8'));
  } catch {
    return new Map();
  }
}

function checkEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.host === '') {
    throw new BreakwaterError('config', 'the endpoint is not an http or https URL', {
      details: { reason: 'bad_endpoint', hint: 'write it like --endpoint-url https://s3.example.com' },
    });
  }
  if (url.username !== '' || url.password !== '') {
    // Not even shown: what stands there may be a secret.
    throw new BreakwaterError('config', 'the endpoint URL holds credentials', {
      details: { reason: 'bad_endpoint', hint: 'give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY' },
    });
  }
  return text;
}

function nonEmpty(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}
