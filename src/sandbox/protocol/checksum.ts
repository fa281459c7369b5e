import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { assertNever } from '../../errors.ts';
import { createFastCrc, type FastCrcName } from '../../fast-crc.ts';
import { crc32c, crc64nvme } from './crc.ts';
import { CHECKSUM_ALGORITHMS, Refusal, type Checksum, type ChecksumAlgorithm } from './wire.ts';
import type { Node } from './xml.ts';

/** A base64 checksum, as S3 writes it. */
export function computeChecksum(algorithm: ChecksumAlgorithm, bytes: Buffer): string {
  switch (algorithm) {
    case 'crc32':
      return encode(BigInt(crc32(bytes)), 4);
    case 'crc32c':
      return computeFast(algorithm, bytes) ?? encode(crc32c(bytes), 4);
    case 'crc64nvme':
      return computeFast(algorithm, bytes) ?? encode(crc64nvme(bytes), 8);
    case 'sha1':
    case 'sha256':
      return createHash(algorithm).update(bytes).digest('base64');
    default:
      return assertNever(algorithm);
  }
}

/** Null where WebAssembly is not available. */
function computeFast(name: FastCrcName, bytes: Uint8Array): string | null {
  const crc = createFastCrc(name);
  crc?.update(bytes);
  return crc === null ? null : Buffer.from(crc.digest()).toString('base64');
}

/** The checksum of a multipart object: of the whole object, or of its part checksums. */
export function combineChecksums(
  algorithm: ChecksumAlgorithm,
  { whole, parts, type }: { whole: Buffer; parts: readonly Checksum[]; type: Checksum['type'] },
): Checksum {
  if (type === 'FULL_OBJECT') return { algorithm, type, value: computeChecksum(algorithm, whole) };
  const joined = Buffer.concat(parts.map(({ value }) => Buffer.from(value, 'base64')));
  return { algorithm, type, value: `${computeChecksum(algorithm, joined)}-${parts.length}` };
}

export function parseAlgorithm(text: string): ChecksumAlgorithm | undefined {
  return CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === text.toLowerCase());
}

/** S3's algorithms that are not implemented here. */
const OTHER_ALGORITHMS: ReadonlySet<string> = new Set(['SHA512', 'MD5', 'XXHASH3', 'XXHASH64', 'XXHASH128']);

/** @throws Refusal `InvalidRequest`, or `NotImplemented` for an algorithm that only S3 knows */
export function readAlgorithm(text: string): ChecksumAlgorithm {
  const algorithm = parseAlgorithm(text);
  if (algorithm !== undefined) return algorithm;
  if (OTHER_ALGORITHMS.has(text.toUpperCase())) {
    throw new Refusal('NotImplemented', `The checksum algorithm ${text} is not implemented here`);
  }
  throw new Refusal(
    'InvalidRequest',
    'Checksum algorithm provided is unsupported. Please try again with a valid type.',
  );
}

/** The element name for a checksum: `ChecksumCRC32`. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm.toUpperCase()}`;
}

/** A checksum as document elements; empty for null. */
export function checksumNodes(checksum: Checksum | null): readonly Node[] {
  return checksum === null ? [] : [[checksumElement(checksum.algorithm), checksum.value]];
}

function encode(value: bigint, bytes: 4 | 8): string {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE(value);
  return buffer.subarray(8 - bytes).toString('base64');
}
