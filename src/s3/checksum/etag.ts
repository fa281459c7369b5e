import { createHash } from 'node:crypto';

/**
 * MD5 of the parts' binary MD5s and their number, as S3 composes it, with quotes; null where part ETags are no MD5s.
 */
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
