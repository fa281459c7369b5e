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
