import { bareEtag, isDigestEtag, isSameEtag } from '../checksum/etag.ts';
import type { AnsweredIdentity, ListedIdentity } from './listed-identity.ts';

/** Stores round times of storage up or down to a second, so only more than that is a difference. */
const ROUNDING_MS = 1000;

/**
 * Whether an answer describes the listed object. `possible`: what has replaced it, or the object itself on a store that
 * lists ETags or sizes in a form of its own; a second answer must confirm that. `other`: it is neither, because an object
 * with other bytes was stored later.
 */
export function compareListed(answer: AnsweredIdentity, listed: ListedIdentity): 'listed' | 'possible' | 'other' {
  if (isRepeated(answer, listed)) return 'listed';
  const time = compareTimes(answer, listed);
  const hasSize = isUnknown(answer.sizeBytes) || isUnknown(listed.sizeBytes) || answer.sizeBytes === listed.sizeBytes;
  const isReplaced = (time === 'later' || isUnknown(listed.lastModifiedMs)) && answer.isPage !== true;
  if (!knowsBothEtags(answer, listed)) {
    // Only size and time are left to tell.
    const hasTime = time === 'same' || time === 'unknown';
    if (hasSize && hasTime) return 'listed';
    return isReplaced ? 'possible' : 'other';
  }
  if (isSameEtag(answer.etag, listed.etag)) {
    if (hasSize) return 'listed';
    return isReplaced || listed.agreed?.size !== true ? 'possible' : 'other';
  }
  if (isReplaced) return 'possible';
  return hasSize && time === 'same' && mayHaveOwnEtag(answer, listed) ? 'possible' : 'other';
}

/** The common case: the same ETag, letter by letter, and the same size. */
function isRepeated({ etag, sizeBytes }: AnsweredIdentity, listed: ListedIdentity): boolean {
  return (
    etag !== null && /^"[^"]/.test(etag) && etag === listed.etag && sizeBytes === listed.sizeBytes && sizeBytes !== null
  );
}

/** Two ETags of S3's form differ only if the objects do; those of gateways have other forms. */
function mayHaveOwnEtag({ etag }: AnsweredIdentity, listed: ListedIdentity): boolean {
  const areDigests = isDigestEtag(etag ?? '') && isDigestEtag(listed.etag ?? '');
  return listed.agreed?.etag !== true && !areDigests;
}

function knowsBothEtags(answer: AnsweredIdentity, listed: ListedIdentity): boolean {
  return bareEtag(answer.etag ?? '') !== '' && bareEtag(listed.etag ?? '') !== '';
}

/** Whether an answer is about an object that was stored after the listed one. */
export function isStoredLater(answer: Timed, listed: Timed): boolean {
  return compareTimes(answer, listed) === 'later';
}

type Timed = Pick<AnsweredIdentity, 'lastModifiedMs'>;

function compareTimes(answer: Timed, listed: Timed): 'same' | 'earlier' | 'later' | 'unknown' {
  const [at, listedAt] = [answer.lastModifiedMs ?? null, listed.lastModifiedMs ?? null];
  if (at === null || listedAt === null) return 'unknown';
  if (Math.abs(at - listedAt) < ROUNDING_MS) return 'same';
  return at < listedAt ? 'earlier' : 'later';
}

function isUnknown(value: number | null | undefined): value is null | undefined {
  return value === null || value === undefined;
}
