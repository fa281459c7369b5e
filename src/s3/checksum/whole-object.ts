import { digestOnce } from './digest.ts';
import type { ExpectedChecksum } from './expected-checksum.ts';

/**
 * Compares an object in memory with its checksum: one of the whole, or a composite one of a single part.
 * For others, see `CompositeDigest`.
 */
export function matchesObject(
  { algorithm, value, parts }: ExpectedChecksum,
  content: Uint8Array,
): boolean | Promise<boolean> {
  const encoding = algorithm === 'md5' ? 'hex' : 'base64';
  const compare = (digest: Uint8Array): boolean => Buffer.from(digest).toString(encoding) === value;
  const digest = digestOnce(algorithm, content);
  if (parts === null) return digest instanceof Promise ? digest.then(compare) : compare(digest);
  return Promise.resolve(digest)
    .then((ofContent) => digestOnce(algorithm, ofContent))
    .then(compare);
}
