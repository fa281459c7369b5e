import { createHash } from 'node:crypto';

/** The ETag that S3 composes from the parts' binary MD5s and their number, with quotes; null if one is not an MD5. */
export function composeEtag(partEtags: readonly string[]): string | null {
  const digests = partEtags.map(unquote);
  if (digests.length === 0 || !digests.every((digest) => /^[0-9a-f]{32}$/.test(digest))) return null;
  const hash = createHash('md5');
  for (const digest of digests) hash.update(Buffer.from(digest, 'hex'));
  return `"${hash.digest('hex')}-${digests.length}"`;
}

export function unquote(etag: string): string {
  return etag.replaceAll('"', '');
}

/** An MD5, alone or of so many parts. */
const DIGEST = /^[0-9a-f]{32}(?:-\d+)?$/i;

/**
 * The normal form of an ETag, to compare it in whatever form it is sent: without quotes, without the mark of a weak one,
 * and a digest in lower case.
 */
export function bareEtag(etag: string): string {
  const bare = unquote(etag.trim().replace(/^w\//i, ''));
  return DIGEST.test(bare) ? bare.toLowerCase() : bare;
}

/**
 * Compares ETags whatever their form: some stores leave out the quotes, in listings or everywhere, and proxies that
 * compress mark them as weak (`W/"..."`). Empty counts as unknown.
 */
export function isSameEtag(one: string | null, other: string | null): boolean {
  if (one === other) return true;
  const [a, b] = [bareEtag(one ?? ''), bareEtag(other ?? '')];
  return a === '' || b === '' || a === b;
}

/** Whether an ETag looks like S3's: an MD5, alone or of so many parts. */
export function isDigestEtag(etag: string): boolean {
  return DIGEST.test(bareEtag(etag));
}

/** A strong entity tag, also without the quotes that some stores leave out (RFC 9110, section 8.8.3). */
const STRONG_ETAG = /^(?:"[\u0021\u0023-\u007e\u0080-\u00ff]+"|[^"*,\s\p{Cc}]+)$/u;

/**
 * The ETag for a condition (`If-Match`), or null if it cannot be one. A weak ETag (`W/"..."`), as sent by proxies that
 * compress, never matches there (RFC 9110, section 13.1.1), so a condition with it would fail for an unchanged object.
 */
export function strongEtag(etag: string | null): string | null {
  return etag !== null && STRONG_ETAG.test(etag) && !isWeakEtag(etag) ? etag : null;
}

export function isWeakEtag(etag: string): boolean {
  return /^w\//i.test(etag);
}
