import { createHash } from 'node:crypto';
import type { ChecksumAlgorithm, ChecksumType } from '@aws-sdk/client-s3';
import type { ChecksumChoice } from './algorithms.ts';
import { combineCrcs, type CrcName } from './combine-crcs.ts';
import { digestOnce } from './digest.ts';
import { readDigest } from './digest-text.ts';
import type { StatedWhole } from './whole-checksum.ts';
import { readFields } from '../../read-fields.ts';

interface ChecksumFacts {
  readonly algorithm: ChecksumAlgorithm;
  /** The field that carries it in requests and responses. */
  readonly field: 'ChecksumCRC32' | 'ChecksumCRC32C' | 'ChecksumCRC64NVME' | 'ChecksumSHA256';
  /**
   * For an object in parts. A full-object checksum does not depend on the parts, so any reader can verify it. For
   * SHA-256, S3 offers only a checksum of the parts' checksums (User Guide, "Checking object integrity").
   */
  readonly type: ChecksumType;
}

type SentChecksum = Exclude<ChecksumChoice, 'none'>;

const FACTS: Readonly<Record<SentChecksum, ChecksumFacts>> = {
  crc32: { algorithm: 'CRC32', field: 'ChecksumCRC32', type: 'FULL_OBJECT' },
  crc32c: { algorithm: 'CRC32C', field: 'ChecksumCRC32C', type: 'FULL_OBJECT' },
  crc64nvme: { algorithm: 'CRC64NVME', field: 'ChecksumCRC64NVME', type: 'FULL_OBJECT' },
  sha256: { algorithm: 'SHA256', field: 'ChecksumSHA256', type: 'COMPOSITE' },
};

type ChecksumFields = Readonly<Record<string, string>>;

/**
 * The checksum field for a request whose body is `bytes`; none for `none`. At once if the algorithm allows it, because a
 * promise for each of thousands of small objects takes longer than the checksum.
 */
export function checksumOf(choice: ChecksumChoice, bytes: Uint8Array): ChecksumFields | Promise<ChecksumFields> {
  if (choice === 'none') return {};
  const { field } = FACTS[choice];
  const sum = compute(choice, bytes);
  return typeof sum === 'string' ? { [field]: sum } : sum.then((text) => ({ [field]: text }));
}

/** The fields that announce the checksum when an upload in parts is created; none for `none`. */
export function announceChecksum(choice: ChecksumChoice): {
  readonly ChecksumAlgorithm?: ChecksumAlgorithm;
  readonly ChecksumType?: ChecksumType;
} {
  if (choice === 'none') return {};
  const { algorithm, type } = FACTS[choice];
  return { ChecksumAlgorithm: algorithm, ChecksumType: type };
}

/** The checksum of these bytes in a request or a response; null if there is none. */
export function readChecksum(choice: ChecksumChoice, fields: object): string | null {
  return choice === 'none' ? null : readDigest(choice, readFields(fields)[FACTS[choice].field]);
}

/** The checksum of an object in parts in a response; null if none is sent with uploads. */
export function readStatedWhole(choice: ChecksumChoice, fields: object): StatedWhole | null {
  if (choice === 'none') return null;
  const read = readFields(fields);
  return { text: read[FACTS[choice].field], type: read['ChecksumType'] };
}

/** The field of one part in the list that completes an upload: only a checksum that the store itself reported. */
export function namePartChecksum(choice: ChecksumChoice, value: string | null): Readonly<Record<string, string>> {
  return value === null || choice === 'none' ? {} : { [FACTS[choice].field]: value };
}

/**
 * The fields that state the expected checksum of the whole object when an upload is completed, combined from the
 * checksums that the store reported for the parts. None unless the store announced a full-object checksum, because it
 * might take the value for a composite one.
 */
export function expectWhole(
  choice: ChecksumChoice,
  {
    checksumType,
    parts,
  }: { checksumType: ChecksumType | null; parts: readonly { checksum: string | null; sizeBytes: number }[] },
): Readonly<Record<string, string>> {
  if (choice === 'none' || choice === 'sha256' || checksumType !== 'FULL_OBJECT') return {};
  const { field, type } = FACTS[choice];
  const known = parts.flatMap(({ checksum, sizeBytes }) => (checksum === null ? [] : [{ checksum, sizeBytes }]));
  if (known.length < parts.length) return {};
  return { [field]: combineCrcs(choice satisfies CrcName, known), ChecksumType: type };
}

/**
 * Whether a stored part has these bytes, according to the strongest digest that the store reports for it.
 * False if nothing can be compared, as with the ETag of a part encrypted with a KMS key.
 */
export async function isSamePart(
  choice: ChecksumChoice,
  { bytes, stored }: { bytes: Uint8Array; stored: { checksum: string | null; etag: string } },
): Promise<boolean> {
  if (stored.checksum !== null && choice !== 'none') return (await compute(choice, bytes)) === stored.checksum;
  return createHash('md5').update(bytes).digest('hex') === stored.etag.replaceAll('"', '');
}

/** In base64, as in S3. */
function compute(choice: SentChecksum, bytes: Uint8Array): string | Promise<string> {
  const digest = digestOnce(choice, bytes);
  return digest instanceof Promise ? digest.then(toBase64) : toBase64(digest);
}

function toBase64(digest: Uint8Array): string {
  return Buffer.from(digest).toString('base64');
}
