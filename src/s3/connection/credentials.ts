import { defaultProvider } from '@aws-sdk/credential-provider-node';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { externalDataInterceptor } from '@smithy/core/config';
import { after, onAbort } from '../../abort.ts';
import type { Clock } from '../../clock.ts';
import { formatDuration } from '../../duration.ts';
import { BreakwaterError } from '../../errors.ts';
import { quoteGiven } from '../../mask-credentials.ts';
import type { EventSink } from '../../events.ts';
import { CredentialLog } from './credential-log.ts';
import { endProgramsWith } from './credential-program.ts';
import { readTokenFile } from './token-file.ts';

export interface CredentialSettings {
  readonly profile: string | null;
  /** A profile and the texts of the AWS config and credentials files that replace those on disk; null to read them. */
  readonly profileFiles: { readonly profile: string; readonly config: string; readonly credentials: string } | null;
  /** The longest wait for credentials, in ms. @default 30000 */
  readonly credentialsTimeoutMs: number;
  /** What has named the profile, for hints. @default --profile */
  readonly profileNamedBy?: string | null;
  /** What the named profile, or the default one, lacks to name credentials; null for nothing. @default not known */
  readonly findProfileFault?: () => Promise<string | null>;
  /** The file with the token for the credentials of a container, which the SDK reads. @default none */
  readonly containerTokenFile?: string | null;
  /** The variable of a key that is missing beside the other one, for hints. @default none */
  readonly missingKey?: string | null;
}

export interface CredentialContext {
  readonly clock: Clock;
  /** Also ends a wait for credentials. */
  readonly signal: AbortSignal;
  readonly emit: EventSink;
}

/** Names for the SDK of texts that are not read from a file. */
const CONFIG_PATH = '/dev/null/config';
const CREDENTIALS_PATH = '/dev/null/credentials';

type Provider = ReturnType<typeof defaultProvider>;
export type Identity = Awaited<ReturnType<Provider>>;

/**
 * The AWS credential chain, with a time limit, which the SDK's providers lack: a program, a metadata server or STS may
 * never answer. The same holds each time that credentials are fetched anew.
 * @param requestHandler for STS and SSO, so that certificates and timeouts are the same as for S3
 * @returns a provider that throws BreakwaterError `config`, or the signal's reason
 */
export function findCredentials(
  {
    profile,
    profileFiles,
    credentialsTimeoutMs,
    profileNamedBy = null,
    missingKey = null,
    containerTokenFile = null,
    findProfileFault: findFault = findNothing,
  }: CredentialSettings,
  { clock, signal, emit }: CredentialContext,
  requestHandler: NonNullable<S3ClientConfig['requestHandler']>,
): Provider {
  let log = new CredentialLog();
  const logger = {
    trace: ignore,
    debug: (...words: unknown[]) => log.note(words.map(String).join(' ')),
    info: ignore,
    warn: (...words: unknown[]) => passOn(words.map(String).join(' '), { profileNamedBy, emit }),
    error: ignore,
  };
  if (profileFiles !== null) {
    externalDataInterceptor.interceptFile(CONFIG_PATH, profileFiles.config);
    externalDataInterceptor.interceptFile(CREDENTIALS_PATH, profileFiles.credentials);
  }
  const find = defaultProvider({
    ...(profileFiles === null ? {} : { configFilepath: CONFIG_PATH, filepath: CREDENTIALS_PATH }),
    ...(profile === null ? {} : { profile: profileFiles?.profile ?? profile }),
    logger,
    // Another program may have written new ones since.
    ignoreCache: true,
    clientConfig: { requestHandler },
  });
  return async (options) => {
    signal.throwIfAborted();
    log = new CredentialLog();
    try {
      if (containerTokenFile !== null) readTokenFile(containerTokenFile);
      return checkIdentity(await findInTime({ credentialsTimeoutMs, clock, signal }, async () => await find(options)));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof BreakwaterError) throw error;
      const fault = error instanceof LateCredentials ? null : await findFault();
      const reason = fault ?? log.reasonOf(error);
      throw missingError({ profile, profileNamedBy, missingKey, reason, isProfileFault: fault !== null, cause: error });
    } finally {
      for (const message of log.lines) emit({ kind: 'credentials_sought', message });
    }
  };
}

function passOn(
  warning: string,
  { profileNamedBy, emit }: { readonly profileNamedBy: string | null; readonly emit: EventSink },
): void {
  const message = adoptWarning(warning, profileNamedBy);
  if (message !== null) emit({ kind: 'warning', reason: 'sdk', message });
}

/**
 * A warning of the SDK in one line. That keys in the environment are not used beside a profile is in our words, because the
 * SDK's have several lines and name `AWS_PROFILE` whatever has set it.
 * @param profileNamedBy the flag, the variable or the key that names the profile
 * @returns null for nothing to say: a flag is deliberate
 */
export function adoptWarning(text: string, profileNamedBy: string | null): string | null {
  if (!text.includes('Multiple credential sources')) return text.replaceAll(/\s+/g, ' ').trim();
  if (profileNamedBy?.startsWith('--') === true) return null;
  return `AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not used, because ${profileNamedBy ?? 'AWS_PROFILE'} names a profile`;
}

/** @throws LateCredentials, or the signal's reason; a program that still runs then is ended */
async function findInTime(
  {
    credentialsTimeoutMs,
    clock,
    signal,
  }: Pick<CredentialSettings, 'credentialsTimeoutMs'> & Omit<CredentialContext, 'emit'>,
  find: () => Promise<Identity>,
): Promise<Identity> {
  const ended = Promise.withResolvers<never>();
  const over = new AbortController();
  endProgramsWith(over.signal);
  using _abort = onAbort(signal, ended.reject);
  using _limit = after(clock, credentialsTimeoutMs, () => ended.reject(new LateCredentials(credentialsTimeoutMs)));
  try {
    return await Promise.race([find(), ended.promise]);
  } finally {
    over.abort();
  }
}

const PARTS = [
  ['accessKeyId', 'the access key id', 'AWS_ACCESS_KEY_ID'],
  ['secretAccessKey', 'the secret access key', 'AWS_SECRET_ACCESS_KEY'],
  ['sessionToken', 'the session token', 'AWS_SESSION_TOKEN'],
] as const;

/**
 * The SDK passes on what it gets, and a program may print anything. A line end in a token would end its header and begin
 * another one; in a key it fails every signature.
 * @throws BreakwaterError `config`; the message never contains the value
 */
function checkIdentity(identity: Identity): Identity {
  const bad = PARTS.find(
    ([field]) => typeof (identity[field] ?? '') !== 'string' || /[^!-~]/.test(identity[field] ?? ''),
  );
  if (bad === undefined) return withoutBadEnd(identity);
  const why =
    typeof identity[bad[0]] === 'string'
      ? 'contains a line end, a blank or a character outside ASCII'
      : 'is not a text';
  throw new BreakwaterError('config', `${bad[1]} ${why}`, {
    details: { reason: 'bad_credentials', hint: `check ${bad[2]}, or the profile or program that it comes from` },
  });
}

/** A time of expiry that is no time counts as none: the store says when they have expired. */
function withoutBadEnd(identity: Identity): Identity {
  const { expiration, ...rest } = identity;
  return expiration === undefined || Number.isFinite(expiration.getTime()) ? identity : rest;
}

interface Missing extends Pick<CredentialSettings, 'profile' | 'profileNamedBy' | 'missingKey'> {
  readonly reason: string;
  /** The profile itself lacks something. */
  readonly isProfileFault: boolean;
  readonly cause: unknown;
}

function missingError({
  profile,
  profileNamedBy,
  missingKey,
  reason,
  isProfileFault,
  cause,
}: Missing): BreakwaterError {
  const where = profile === null ? '' : ` in profile ${quoteGiven(profile)}`;
  // The SDK does not look at the variables of the keys while a profile is named.
  const keys = missingKey ?? 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
  const next =
    profile === null
      ? `set ${keys}, or name a configured profile with --profile`
      : `${isProfileFault ? 'correct that profile in the AWS files' : 'add them to that profile'}, or correct ${profileNamedBy ?? '--profile'}`;
  return new BreakwaterError('config', `no usable AWS credentials${where}: ${reason}`, {
    cause,
    details: { reason: 'no_credentials', hint: `${next}; --verbose lists what was tried` },
  });
}

class LateCredentials extends Error {
  constructor(limitMs: number) {
    super(`they did not come within ${formatDuration(limitMs)} (--credentials-timeout)`);
  }
}

async function findNothing(): Promise<null> {
  return await Promise.resolve(null);
}

function ignore(): void {}
