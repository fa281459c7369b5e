import type { DigestAlgorithm } from './algorithms.ts';

const DIGEST_BYTES: Readonly<Record<Exclude<DigestAlgorithm, 'md5'>, number>> = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  sha1: 20,
  sha256: 32,
};

/** Base64, also without the padding. */
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * The checksum in a text from a store, in the one form in which it can be compared (base64 with padding). Null if it is
 * none of this algorithm: it then counts as absent, because a gateway that writes something else there proves nothing.
 */
export function readDigest(algorithm: keyof typeof DIGEST_BYTES, text: unknown): string | null {
  if (typeof text !== 'string' || !BASE64.test(text)) return null;
  const digest = Buffer.from(text, 'base64');
  return digest.byteLength === DIGEST_BYTES[algorithm] ? digest.toString('base64') : null;
}
