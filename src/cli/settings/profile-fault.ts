import type { CommandRun } from '../command-run.ts';
import { findHome } from '../find-home.ts';
import { maskCredentials, quoteGiven } from '../../mask-credentials.ts';
import { parseIni } from './aws-config.ts';
import { findUnreadableFile, readAwsFiles } from './aws-files.ts';

type Fields = ReadonlyMap<string, string>;

/** The texts of the AWS config and credentials files. */
interface AwsTexts {
  readonly config: string;
  readonly credentials: string;
}

/** How many profiles name each other at most; the SDK reports a cycle. */
const DEPTH_MAX = 8;

/** Any of them says where the credentials come from. */
const SOURCES = [
  'aws_access_key_id',
  'aws_secret_access_key',
  'role_arn',
  'web_identity_token_file',
  'credential_process',
  'sso_session',
  'sso_start_url',
  'sso_account_id',
  'login_session',
];

/** The same for the profile of a command. A file that cannot be read may contain what seems to be missing. */
export function findNamedFault({ aws, env }: Pick<CommandRun, 'aws' | 'env'>): string | null {
  const { profile } = aws();
  const place = { env, home: findHome(env) };
  const files = readAwsFiles(place);
  const fault = findProfileFault(profile, files);
  const isMissing = fault !== null || (profile === null && findProfileFault('default', files) !== null);
  return (isMissing ? findUnreadableFile(place) : null) ?? fault;
}

/**
 * What a profile lacks to name credentials, in words; null if nothing is missing. The SDK looks for them in several places
 * and reports the last of them, or the error of its own code.
 * @param named null for the default one, which need not be there
 */
export function findProfileFault(named: string | null, { config, credentials }: AwsTexts): string | null {
  const [inConfig, inCredentials] = [parseIni(config), parseIni(credentials)];
  const readFields = (name: string): Fields | null => {
    const places = [
      inConfig.get(name === 'default' ? name : ''),
      inConfig.get(`profile ${name}`),
      inCredentials.get(name),
    ];
    const found = places.filter((fields) => fields !== undefined);
    return found.length === 0
      ? null
      : new Map(found.flatMap((fields) => [...fields]).filter(([, value]) => value !== ''));
  };
  let name = named ?? 'default';
  // Nothing asks for the default profile: the credentials may come from elsewhere.
  if (named === null && !SOURCES.some((source) => readFields(name)?.has(source) === true)) return null;
  for (let depth = 0; depth < DEPTH_MAX; depth += 1) {
    const fields = readFields(name);
    if (fields === null)
      return depth === 0
        ? `there is no profile ${quoteGiven(name)}`
        : `there is no [profile ${maskCredentials(name)}] for source_profile`;
    const fault = findKeyFault(fields) ?? findSessionFault(fields, inConfig);
    if (fault !== null) return depth === 0 && named !== null ? fault : `profile ${quoteGiven(name)}: ${fault}`;
    const source = fields.get('role_arn') === undefined ? undefined : fields.get('source_profile');
    // A role whose source is its own profile takes the keys beside it.
    if (source === undefined || source === name) return null;
    name = source;
  }
  return null;
}

function findKeyFault(fields: Fields): string | null {
  if (!SOURCES.some((source) => fields.has(source))) return 'it names no keys, role, session or program';
  const [id, secret] = ['aws_access_key_id', 'aws_secret_access_key'].map((key) => fields.has(key));
  const isRole = fields.has('role_arn');
  if (id !== secret && !isRole) return `it lacks ${id === true ? 'aws_secret_access_key' : 'aws_access_key_id'}`;
  const hasSource = ['source_profile', 'credential_source', 'web_identity_token_file'].some((key) => fields.has(key));
  if (isRole && !hasSource) return 'its role_arn lacks a source_profile, credential_source or web_identity_token_file';
  return null;
}

/** Single sign-on by `sso_session` takes its region and URL from another section. */
function findSessionFault(fields: Fields, config: ReadonlyMap<string, Fields>): string | null {
  const name = fields.get('sso_session');
  if (name === undefined) return null;
  const session = config.get(`sso-session ${name}`);
  if (session === undefined) return `there is no [sso-session ${name}] for its sso_session`;
  const lacking = ['sso_region', 'sso_start_url'].find((key) => (session.get(key) ?? '') === '');
  return lacking === undefined ? null : `[sso-session ${name}] lacks ${lacking}`;
}
