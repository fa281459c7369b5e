import { readFailedResponse } from '../../retry/read-failure.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { isSameEtag } from '../checksum/etag.ts';
import { compareListed } from './compare-listed.ts';

/** What one answer says about an object; null for what it does not say. */
export interface StatedIdentity {
  readonly etag: string | null;
  /** Of the whole object, in bytes. */
  readonly sizeBytes: number | null;
  /** When it was stored: listings have milliseconds, other responses seconds. @default null */
  readonly lastModifiedMs?: number | null;
}

/** What an earlier answer, such as a listing, said about an object. */
export interface ListedIdentity extends StatedIdentity {
  /** What has agreed for other objects of the listing, so that a difference is not a form of the store's own. @default none */
  readonly agreed?: { readonly etag: boolean; readonly size: boolean };
}

/** What the response about a listed object says. */
export interface AnsweredIdentity extends StatedIdentity {
  /** It is a web page, and the key does not look like one's: perhaps a proxy's login page. @default false */
  readonly isPage?: boolean;
}

interface Question<T> {
  /** Sends one request. */
  readonly ask: () => Promise<T>;
  readonly identify: (answer: T) => AnsweredIdentity;
  /** Called with an answer that is not used: closes its connection. */
  readonly discard?: (answer: T) => void;
}

/**
 * Asks about a listed object, and again at once if the answer describes another one. The object may have been replaced
 * since it was listed; or a proxy has sent an answer that nobody asked for, which was taken for this one (RFC 9112,
 * section 9.2), or has one answer for every request. Two equal answers are needed to prove the first, and a later time of
 * storage; that there is no such object needs two, too. A healthy object costs no second request.
 * @param listed null if nothing is known about the object
 * @throws TransferFault `other_object` if neither answer describes the listed object or what can have replaced it
 */
export async function askAboutListed<T extends object>(
  listed: ListedIdentity | null,
  question: Question<T>,
): Promise<T> {
  if (listed === null) return await question.ask();
  const first = await question.ask().catch(nullIfMissing);
  return await confirmListed(listed, first, question);
}

/**
 * Goes on where the first answer is known: no request if it describes the listed object.
 * @param first null if it said that there is no such object
 */
export async function confirmListed<T extends object>(
  listed: ListedIdentity,
  first: T | null,
  { ask, identify, discard }: Question<T>,
): Promise<T> {
  if (first !== null && compareListed(identify(first), listed) === 'listed') return first;
  if (first !== null) discard?.(first);
  const second = await ask();
  const again = identify(second);
  const likeness = compareListed(again, listed);
  if (likeness === 'listed') return second;
  const isConfirmed = first !== null && isSameIdentity(again, identify(first));
  if (isConfirmed && likeness === 'possible') return second;
  discard?.(second);
  const what = isConfirmed
    ? 'the responses describe another object, and do not show that it has replaced the listed one'
    : 'two responses describe two objects, and neither is the listed one';
  throw new TransferFault('other_object', what);
}

/** @throws any error but that there is no such object */
export function nullIfMissing(error: unknown): null {
  if (readFailedResponse(error).httpStatus === 404) return null;
  throw error;
}

/** Whether two descriptions can be of the same object: what both of them say is equal. */
function isSameIdentity(one: StatedIdentity, other: StatedIdentity): boolean {
  return (
    (one.sizeBytes === null || other.sizeBytes === null || one.sizeBytes === other.sizeBytes) &&
    isSameEtag(one.etag, other.etag)
  );
}
