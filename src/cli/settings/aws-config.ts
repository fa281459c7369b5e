import { BreakwaterError } from '../../errors.ts';
import { quoteGiven } from '../../mask-credentials.ts';
import type { SettingNames } from '../../setting-names.ts';
import { expandHome } from '../find-home.ts';
import type { NamedFile } from './named-file.ts';
import { readChecksumModes, type ChecksumModes } from './checksum-modes.ts';
import { firstSet, nameCredentials, nameWish, type Named } from './name-settings.ts';
import { AWS_FILES, nonEmpty, readAwsFile } from './aws-files.ts';
import { encodeProfileName, encodeProfileNames, type ProfileFiles } from './profile-names.ts';
import type { Environment, Settings, SettingSources } from './resolve-settings.ts';

/** The AWS settings that are known without the SDK. Null: AWS's own endpoint, no region set, no profile named. */
export interface AwsContext {
  readonly endpointUrl: string | null;
  readonly region: string | null;
  readonly profile: string | null;
  /** Set only if the profile's name contains blanks, which the SDK cannot read. */
  readonly profileFiles: ProfileFiles | null;
  readonly checksums: ChecksumModes;
  /** What has set them, for hints; the certificates, the proxy and the deadline are named elsewhere. */
  readonly names: Pick<SettingNames, 'endpoint' | 'region' | 'profile' | 'credentials'>;
}

type Place = Pick<SettingSources, 'env' | 'home'>;
type S3Wishes = Pick<Settings, 'endpointUrl' | 'region' | 'profile'> & Partial<Pick<Settings, 'origins'>>;

/**
 * Finds endpoint, region and profile: flag, then the AWS environment, then the shared config files. Reads two small
 * files and does not load the SDK, so a refused command can name its circuit immediately.
 * @throws BreakwaterError `config` for an unusable endpoint, or a file that is not a regular file
 */
export function findAwsContext(wishes: S3Wishes, { env, home }: Place): AwsContext {
  const profile = firstSet([
    [nameWish('profile', wishes), wishes.profile],
    ['AWS_PROFILE', env['AWS_PROFILE'] ?? null],
  ]);
  const { value: name = null } = profile ?? {};
  // Read even if nothing is missing, because the SDK reads the same files and would block on a named pipe.
  const configured = readProfile(name ?? 'default', { env, home });
  const endpoint =
    firstSet([[nameWish('endpointUrl', wishes), wishes.endpointUrl]]) ?? findConfiguredEndpoint(env, configured);
  const region = findRegion(wishes, env, configured);
  return {
    endpointUrl: endpoint === null ? null : checkEndpoint(endpoint),
    region: region?.value ?? null,
    profile: name,
    checksums: readChecksumModes({ env, read: configured.read }),
    profileFiles: name !== null && /\s/.test(name) ? readProfileFiles(name, { env, home }) : null,
    names: {
      endpoint: endpoint?.name ?? null,
      region: region?.name ?? null,
      profile: profile?.name ?? null,
      credentials: nameCredentials(
        profile === null ? null : `profile ${quoteGiven(profile.value)} (${profile.name})`,
        env,
      ),
    },
  };
}

function readProfileFiles(profile: string, place: Place): ProfileFiles {
  const [config, credentials] = AWS_FILES.map((file) => encodeProfileNames(readAwsFile(file, place)));
  return { profile: encodeProfileName(profile), config: config ?? '', credentials: credentials ?? '' };
}

/**
 * The file of certificate authorities that replaces Node's own: from `AWS_CA_BUNDLE`, else from the profile (AWS SDKs
 * and Tools Reference Guide, "General configuration settings", `ca_bundle`); null if neither is set.
 */
export function findCaBundle({ profile }: Pick<AwsContext, 'profile'>, { env, home }: Place): NamedFile | null {
  const named = nonEmpty(env['AWS_CA_BUNDLE']);
  if (named !== null) return { name: 'AWS_CA_BUNDLE', path: named };
  const path = readProfile(profile ?? 'default', { env, home }).caBundle;
  return path === null ? null : { name: 'ca_bundle in the AWS config file', path: expandHome(path, home) };
}

/** The scope of circuits: the given name, else the endpoint's host and port, else the region, else `aws`. */
export function decideScope(
  named: string | null,
  { endpointUrl, region }: Pick<AwsContext, 'endpointUrl' | 'region'>,
): string {
  if (named !== null) return named;
  if (endpointUrl !== null) return new URL(endpointUrl).host;
  return region ?? 'aws';
}

/** The sections of an AWS config file. A nested setting has a key such as `s3.endpoint_url`. */
type IniSections = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** `profile "name"` means `profile name`, as in the SDK. */
const QUOTED_NAME = /^(\S+)\s+(["']?)(.*)\2$/;

/**
 * Parses the INI dialect of the AWS config and credentials files: `[section]`, `key = value`, indented settings below a
 * key without a value, comments with `#` and `;`. Skips invalid lines, because the SDK reads the same file and reports
 * them.
 */
export function parseIni(text: string): IniSections {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | null = null;
  let parent: string | null = null;
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]*)\]/.exec(line);
    if (header !== null) {
      const name = (header[1] ?? '').trim().replace(QUOTED_NAME, '$1 $3');
      section = sections.get(name) ?? new Map<string, string>();
      sections.set(name, section);
      parent = null;
      continue;
    }
    const entry = /^(\s*)([^=#;\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
    if (entry === null || section === null) continue;
    const [, indent = '', key = '', raw = ''] = entry;
    const value = raw.replace(/(^|\s)[#;].*$/, '').trim();
    const isNested = indent !== '' && parent !== null;
    section.set((isNested ? `${parent}.${key}` : key).toLowerCase(), value);
    if (!isNested) parent = value === '' ? key : null;
  }
  return sections;
}

interface ProfileFacts {
  /** Any other setting of the profile; null if it is not set. */
  readonly read: (key: string) => string | null;
  readonly endpoints: readonly Named[];
  readonly regions: readonly Named[];
  readonly ignoresEndpoints: boolean;
  readonly caBundle: string | null;
}

/** @throws BreakwaterError `config` for a region that no signature and no host name can contain */
function findRegion(wishes: S3Wishes, env: Environment, { regions }: ProfileFacts): ReturnType<typeof firstSet> {
  const found = firstSet([
    [nameWish('region', wishes), wishes.region],
    ['AWS_REGION', env['AWS_REGION'] ?? null],
    ['AWS_DEFAULT_REGION', env['AWS_DEFAULT_REGION'] ?? null],
    ...regions,
  ]);
  if (found === null || /^[!-.0-~]{1,100}$/.test(found.value)) return found;
  throw new BreakwaterError('config', `${found.name} is not the name of a region`, {
    details: { reason: 'bad_region', hint: `correct ${found.name}; a region looks like eu-west-1` },
  });
}

function findConfiguredEndpoint(
  env: Environment,
  { ignoresEndpoints, endpoints }: ProfileFacts,
): ReturnType<typeof firstSet> {
  const switchedOff = nonEmpty(env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']);
  if (switchedOff === null ? ignoresEndpoints : switchedOff.toLowerCase() === 'true') return null;
  return firstSet([
    ['AWS_ENDPOINT_URL_S3', env['AWS_ENDPOINT_URL_S3'] ?? null],
    ['AWS_ENDPOINT_URL', env['AWS_ENDPOINT_URL'] ?? null],
    ...endpoints,
  ]);
}

function readProfile(profile: string, { env, home }: Place): ProfileFacts {
  const [config, credentials] = AWS_FILES.map((file) => parseIni(readAwsFile(file, { env, home })));
  // In the config file, unlike the credentials file, only the default profile may omit the word `profile`.
  const settings = config?.get(`profile ${profile}`) ?? (profile === 'default' ? config?.get(profile) : undefined);
  const read = (key: string): string | null =>
    nonEmpty(credentials?.get(profile)?.get(key)) ?? nonEmpty(settings?.get(key));
  const services = `services ${settings?.get('services') ?? ''}`;
  return {
    endpoints: [
      [`endpoint_url of s3 in [${services}]`, nonEmpty(config?.get(services)?.get('s3.endpoint_url'))],
      [`endpoint_url in profile ${quoteGiven(profile)}`, read('endpoint_url')],
    ],
    regions: [[`region in profile ${quoteGiven(profile)}`, read('region')]],
    ignoresEndpoints: read('ignore_configured_endpoint_urls')?.toLowerCase() === 'true',
    caBundle: read('ca_bundle'),
    read,
  };
}

/** The messages do not show the URL, because it may contain a secret. */
function checkEndpoint({ name, value: text }: { readonly name: string; readonly value: string }): string {
  // `URL` drops line ends, which would then be part of every circuit's name.
  const url = URL.canParse(text) && !/\p{Cc}/u.test(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.host === '') {
    throw new BreakwaterError('config', 'the endpoint is not an http or https URL', {
      details: { reason: 'bad_endpoint', hint: `correct ${name}, for example to https://s3.example.com` },
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new BreakwaterError('config', 'the endpoint URL contains credentials', {
      details: {
        reason: 'bad_endpoint',
        hint: `take them out of ${name}, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead`,
      },
    });
  }
  if (url.search !== '' || url.hash !== '') {
    throw new BreakwaterError('config', 'the endpoint URL has a query or a fragment', {
      details: {
        reason: 'bad_endpoint',
        hint: `remove it from ${name}: it would be stored in the local state, and is not part of S3`,
      },
    });
  }
  return text;
}
