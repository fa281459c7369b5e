import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32cJs, Crc64NvmeJs } from '@aws-sdk/checksums/crc';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { assertNever } from '../errors.ts';
import { unquote } from './etag.ts';

/** Names of digests of a whole object, as JSON tells them. */
export const DIGEST_ALGORITHMS = ['sha256', 'sha1', 'crc32', 'md5', 'crc32c', 'crc64nvme'] as const;
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];

/** What S3 promised about the whole object, and the name of the check it allows. */
export interface PromisedDigest {
  readonly algorithm: DigestAlgorithm;
  /** Base64 for checksums, hexadecimal for an MD5 ETag. */
  readonly expected: string;
}

/**
 * The promise about the whole object that costs least to check; null where S3 makes none. The last two have no native
 * implementation, so that an MD5 is preferred where there is one.
 *
 * Composite checksums (`...-N`) are of the parts' checksums, and a multipart or encrypted object's ETag is no MD5:
 * neither is about the bytes, so neither may raise an alarm.
 */
export function findPromise(answer: GetObjectCommandOutput): PromisedDigest | null {
  const promised: Readonly<Record<DigestAlgorithm, string | undefined>> = {
    sha256: answer.ChecksumSHA256,
    sha1: answer.ChecksumSHA1,
    crc32: answer.ChecksumCRC32,
    md5: readMd5(answer),
    crc32c: answer.ChecksumCRC32C,
    crc64nvme: answer.ChecksumCRC64NVME,
  };
  for (const algorithm of DIGEST_ALGORITHMS) {
    const expected = promised[algorithm];
    const isOfParts = algorithm !== 'md5' && answer.ChecksumType === 'COMPOSITE';
    if (expected !== undefined && !expected.includes('-') && !isOfParts) return { algorithm, expected };
  }
  return null;
}

function readMd5({ ETag, SSECustomerAlgorithm, ServerSideEncryption }: GetObjectCommandOutput): string | undefined {
  const etag = unquote(ETag ?? '');
  const isEncryptedElsewhere = SSECustomerAlgorithm !== undefined || (ServerSideEncryption ?? 'AES256') !== 'AES256';
  return /^[0-9a-f]{32}$/.test(etag) && !isEncryptedElsewhere ? etag : undefined;
}

/** Digests an object's bytes as they come, in order, over all the attempts it takes to get them. */
export class WholeObjectCheck {
  readonly #promise: PromisedDigest;
  #digest: Digest;

  constructor(promise: PromisedDigest) {
    this.#promise = promise;
    this.#digest = createDigest(promise.algorithm);
  }

  restart(): void {
    this.#digest = createDigest(this.#promise.algorithm);
  }

  update(bytes: Uint8Array): void {
    this.#digest.update(bytes);
  }

  /** To be asked once, after the last byte. */
  async isKept(): Promise<boolean> {
    const { algorithm, expected } = this.#promise;
    const digest = Buffer.from(await this.#digest.digest());
    return digest.toString(algorithm === 'md5' ? 'hex' : 'base64') === expected;
  }
}

interface Digest {
  readonly update: (bytes: Uint8Array) => unknown;
  readonly digest: () => Uint8Array | Promise<Uint8Array>;
}

function createDigest(algorithm: DigestAlgorithm): Digest {
  switch (algorithm) {
    case 'sha256':
    case 'sha1':
    case 'md5':
      return createHash(algorithm);
    case 'crc32':
      return new NativeCrc32();
    case 'crc32c':
      return new Crc32cJs();
    case 'crc64nvme':
      return new Crc64NvmeJs();
    default:
      return assertNever(algorithm);
  }
}

class NativeCrc32 implements Digest {
  #crc = 0;

  update(bytes: Uint8Array): void {
    this.#crc = crc32(bytes, this.#crc);
  }

  digest(): Uint8Array {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#crc);
    return bytes;
  }
}
