import { BreakwaterError } from '../../errors.ts';
import { readFields } from '../../read-fields.ts';
import type { ObjectAccess } from '../../s3/connection/request-shape.ts';
import type { StoreAnswer, StoreQuery } from '../../s3/connection/store-query.ts';
import type { CommandRun } from '../command-run.ts';
import { findS3Settings } from '../s3-access.ts';
import type { CredentialsOutcome } from './judge-credentials.ts';
import type { Lookup } from './judge-network.ts';
import type { StoreAnswers } from './judge-store.ts';
import { createLookup } from './resolve-name.ts';
import { within } from './within.ts';

/** Name servers, in ms. */
const NAME_LIMIT_MS = 2500;
/** A connection, its name included, and the first byte of an answer, in ms; less if the settings allow less. */
const CONNECT_LIMIT_MS = 4000;
const ANSWER_LIMIT_MS = 4000;
/** Credentials, in ms: programs and metadata servers may never answer. */
const CREDENTIALS_LIMIT_MS = 5000;
/** Everything about the store, in ms. */
export const STORE_LIMIT_MS = 9000;

/** What to ask the store for, and how. */
interface StoreQuestion {
  /** Null for the list of buckets. */
  readonly place: Place | null;
  /** The way that a transfer would ask. */
  readonly access: ObjectAccess;
}

/** A bucket, and what its keys begin with. */
export interface Place {
  readonly bucket: string;
  readonly prefix: string;
}

interface MeasuredStore {
  readonly answers: StoreAnswers;
  readonly credentials: CredentialsOutcome;
  readonly lookups: readonly Lookup[];
}

/**
 * Asks the store once without a signature and, as soon as there are credentials, once with one. Always ends within
 * `STORE_LIMIT_MS`, with what is known by then.
 * @throws BreakwaterError `config` for settings that no request can use; the signal's reason
 */
export async function measureStore(run: CommandRun, { place, access }: StoreQuestion): Promise<MeasuredStore> {
  const { clock, settings } = run;
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  const lookups: Lookup[] = [];
  const limitMs = Math.min(NAME_LIMIT_MS, settings.connectTimeoutMs / 2);
  const lookup = createLookup({ clock, signal, limitMs, onLookup: (ended) => lookups.push(ended) });
  const s3Settings = {
    ...findS3Settings(run, access),
    lookup,
    connectTimeoutMs: Math.min(settings.connectTimeoutMs, CONNECT_LIMIT_MS),
    credentialsTimeoutMs: Math.min(settings.credentialsTimeoutMs, STORE_LIMIT_MS),
    requestTimeoutMs: Math.min(settings.requestTimeoutMs, ANSWER_LIMIT_MS),
    stallTimeoutMs: Math.min(settings.stallTimeoutMs, ANSWER_LIMIT_MS),
  };
  const { StoreQuery: Query } = await import('../../s3/connection/store-query.ts');
  using query = new Query(s3Settings, { clock, signal, emit: run.emit });
  const endsAtMs = clock.monotonic() + STORE_LIMIT_MS;
  const askSigned = async (): Promise<Pick<MeasuredStore, 'credentials'> & { readonly signed: StoreAnswer | null }> => {
    const { identity, outcome } = await findCredentials(query, run);
    if (identity === null) return { credentials: outcome, signed: null };
    const leftMs = endsAtMs - clock.monotonic();
    return { credentials: outcome, signed: await within(leftMs, clock, query.askSigned(identity, place)) };
  };
  try {
    const [unsigned, { credentials, signed }] = await Promise.all([
      within(STORE_LIMIT_MS, clock, query.askUnsigned()),
      askSigned(),
    ]);
    run.signal.throwIfAborted();
    return { answers: { unsigned, signed }, credentials, lookups };
  } finally {
    stop.abort(new BreakwaterError('interrupted', 'the check is over'));
  }
}

type Identity = Awaited<ReturnType<StoreQuery['findIdentity']>>;

async function findCredentials(
  query: StoreQuery,
  { clock, settings, signal, aws }: CommandRun,
): Promise<{ readonly identity: Identity | null; readonly outcome: CredentialsOutcome }> {
  const limitMs = Math.min(settings.credentialsTimeoutMs, CREDENTIALS_LIMIT_MS);
  try {
    const identity = await within(limitMs, clock, query.findIdentity());
    if (identity === null) return { identity, outcome: { lateAfterMs: limitMs } };
    const source = nameSource(identity) ?? aws().names.credentials ?? 'the AWS credential chain';
    const { expiration } = identity;
    return { identity, outcome: { found: { source, expiresAtMs: expiration?.getTime() ?? null } } };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BreakwaterError) return { identity: null, outcome: { error } };
    throw error;
  }
}

/** The providers of the SDK note what they have used (`$source`); the last is the one that was named. */
const SOURCES: Readonly<Record<string, string>> = {
  CREDENTIALS_ENV_VARS: 'the environment (AWS_ACCESS_KEY_ID)',
  CREDENTIALS_PROFILE: 'the AWS files',
  CREDENTIALS_PROFILE_PROCESS: 'a credential_process',
  CREDENTIALS_PROCESS: 'a credential_process',
  CREDENTIALS_STS_ASSUME_ROLE: 'a role (STS)',
  CREDENTIALS_STS_ASSUME_ROLE_WEB_ID: 'a role (web identity)',
  CREDENTIALS_PROFILE_SSO: 'single sign-on',
  CREDENTIALS_SSO: 'single sign-on',
  CREDENTIALS_LOGIN: 'aws login',
  CREDENTIALS_HTTP: 'the metadata server of a container',
  CREDENTIALS_IMDS: 'the metadata server of the instance',
};

function nameSource(identity: Identity): string | null {
  const names = Object.keys(readFields(readFields(identity)['$source'])).flatMap((name) => SOURCES[name] ?? []);
  return names.at(-1) ?? null;
}
