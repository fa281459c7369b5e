import { readFailedResponse } from '../../retry/read-failure.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { bareEtag } from '../checksum/etag.ts';

/** What an earlier answer, such as a listing, said about an object; null for what it did not say. */
export interface ListedIdentity {
  readonly etag: string | null;
  /** Of the whole object, in bytes. */
  readonly sizeBytes: number | null;
}

interface Question<T> {
  /** Sends one request. */
  readonly ask: () => Promise<T>;
  readonly identify: (answer: T) => ListedIdentity;
  /** Called with an answer that is not used: closes its connection. */
  readonly discard?: (answer: T) => void;
}

/**
 * Asks about a listed object, and again at once if the answer describes another one. The object may have been replaced
 * since it was listed; or a proxy has sent an answer that nobody asked for, which was taken for this one (RFC 9112,
 * section 9.2). Only two equal answers prove the first; that there is no such object, too. A healthy object costs no second request.
 * @param listed null if nothing is known about the object
 * @throws TransferFault `other_object` if the two answers differ and neither describes the listed object
 */
export async function askAboutListed<T extends object>(
  listed: ListedIdentity | null,
  question: Question<T>,
): Promise<T> {
  const { ask, identify, discard } = question;
  if (listed === null) return await ask();
  const first = await ask().catch(nullIfMissing);
  if (first !== null && isSameIdentity(identify(first), listed)) return first;
  if (first !== null) discard?.(first);
  const second = await ask();
  const again = identify(second);
  if (isSameIdentity(again, listed)) return second;
  if (first !== null && isSameIdentity(again, identify(first))) return second;
  discard?.(second);
  throw new TransferFault('other_object', 'two responses describe two objects, and neither is the listed one');
}

function nullIfMissing(error: unknown): null {
  if (readFailedResponse(error).httpStatus === 404) return null;
  throw error;
}

/** Whether two descriptions can be of the same object: what both of them say is equal. */
function isSameIdentity(one: ListedIdentity, other: ListedIdentity): boolean {
  return (
    (one.sizeBytes === null || other.sizeBytes === null || one.sizeBytes === other.sizeBytes) &&
    isSameEtag(one.etag, other.etag)
  );
}

/**
 * Compares ETags whatever their form: some stores leave out the quotes, in listings or everywhere, and proxies that
 * compress mark them as weak (`W/"..."`). Empty counts as unknown.
 */
export function isSameEtag(one: string | null, other: string | null): boolean {
  const [a, b] = [bareEtag(one ?? ''), bareEtag(other ?? '')];
  return a === '' || b === '' || a === b;
}
