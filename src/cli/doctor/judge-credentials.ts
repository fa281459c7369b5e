import { formatTime } from '../../clock.ts';
import { formatDuration } from '../../duration.ts';
import type { BreakwaterError } from '../../errors.ts';
import { findHint } from '../../guard/failure-hint.ts';
import type { StoreAnswer } from '../../s3/connection/store-query.ts';
import type { SettingNames } from '../../setting-names.ts';
import { failed, ok, skipped, warning, type Finding } from './check.ts';

/** What is known of credentials, without a value. */
export interface FoundCredentials {
  /** In words. */
  readonly source: string;
  readonly expiresAtMs: number | null;
}

export type CredentialsOutcome =
  | { readonly found: FoundCredentials }
  | { readonly error: BreakwaterError }
  /** They had not come after so long, in ms. */
  | { readonly lateAfterMs: number };

interface Context {
  readonly signed: StoreAnswer | null;
  readonly names: SettingNames;
  readonly nowMs: number;
}

/** By these, a store says that it does not accept the credentials themselves. */
const REFUSALS: ReadonlySet<string> = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidToken',
  'ExpiredToken',
  'ExpiredTokenException',
  'TokenRefreshRequired',
]);

/** Soon: a transfer that starts now may outlast them, in ms. */
const SOON_MS = 5 * 60_000;

export function judgeCredentials(outcome: CredentialsOutcome, { signed, names, nowMs }: Context): Finding {
  if ('lateAfterMs' in outcome) {
    return failed('config', `there are none after ${formatDuration(outcome.lateAfterMs)}`, {
      hint: `check ${names.credentials ?? 'the program or server that they come from'}; commands wait for --credentials-timeout`,
      reason: 'no_credentials',
    });
  }
  if ('error' in outcome) {
    const { code, message, details } = outcome.error;
    return failed(code, message, {
      hint: details.hint ?? 'set credentials',
      reason: details.reason ?? 'no_credentials',
    });
  }
  const { source, expiresAtMs } = outcome.found;
  const facts = { source, expires_at: expiresAtMs === null ? null : formatTime(expiresAtMs) };
  const failure = signed?.failure ?? null;
  if (failure !== null && REFUSALS.has(failure.code)) {
    return failed('access_denied', `the store refuses those from ${source}: ${failure.code}`, {
      hint: findHint({ code: 'access_denied', failure: failure.code }, names) ?? 'check them',
      reason: failure.code,
      facts,
    });
  }
  if (expiresAtMs !== null && expiresAtMs - nowMs < SOON_MS) {
    const isOver = expiresAtMs <= nowMs;
    const when = isOver ? 'have expired' : `expire in ${formatDuration(expiresAtMs - nowMs)}`;
    return warning(`those from ${source} ${when}`, { hint: 'refresh them', reason: 'expiring', facts });
  }
  const isAccepted = signed?.head?.isFromS3 === true && failure?.errorCode !== 'unavailable';
  return ok(`from ${source}${isAccepted ? ', accepted' : ', not tried'}`, { ...facts, accepted: isAccepted });
}

/** Whether the bucket that was named can be listed. */
export function judgeBucket(url: string | null, { signed, names }: Pick<Context, 'signed' | 'names'>): Finding {
  if (url === null) return skipped('none is named: doctor s3://BUCKET checks one');
  if (signed === null) return skipped(`${url} was not asked for`, { url });
  const { failure } = signed;
  if (failure === null) return ok(`${url} can be listed`, { url });
  const hints: Partial<Record<string, string>> = {
    access_denied:
      'ask for s3:ListBucket; without it, single objects may still be allowed, and sweep and get -r are not',
  };
  const { code, errorCode, message } = failure;
  return failed(errorCode, `${url} cannot be listed: ${code}: ${message}`, {
    hint: hints[errorCode] ?? findHint({ code: errorCode, failure: code }, names) ?? 'check the bucket',
    reason: code,
    facts: { url, http_status: failure.httpStatus, request_id: failure.requestId },
  });
}
