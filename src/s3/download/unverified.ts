/** Why bytes could not be verified, even though S3 stated a checksum. */
export type Unverified =
  /** The store does not report the part sizes. */
  | 'parts_unknown'
  /** The parts differ in size, which was known too late for a pipe; or an MD5 is not worth one request per part. */
  | 'parts_unequal'
  /** The bytes differ from an ETag, which need not be an MD5. */
  | 'etag_differs'
  /** The bytes differ from a composite checksum, perhaps because the assumed parts are wrong. */
  | 'checksum_differs';

/** For messages. */
export const UNVERIFIED_REASONS: Readonly<Record<Exclude<Unverified, 'checksum_differs'>, string>> = {
  parts_unknown: 'the store does not report the parts it was uploaded in',
  parts_unequal: 'its parts differ in size',
  etag_differs: 'its ETag is not the MD5 of its parts, and need not be',
};

/** @param expected the name of the checksum */
export function formatDoubt(expected: string): string {
  return `not verified: the data does not match S3's checksum (${expected}), or its parts differ in size, which the store does not report`;
}
