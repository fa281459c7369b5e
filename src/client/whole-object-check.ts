import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { unquote } from './etag.ts';

/** What S3 promised about the whole object, and the name of the check it allows. */
export interface PromisedDigest {
  readonly algorithm: 'crc32' | 'sha256' | 'sha1' | 'md5';
  /** Base64 for checksums, hexadecimal for an MD5 ETag. */
  readonly expected: string;
}

/**
 * The strongest promise about the whole object that we can check natively; null where S3 makes none.
 *
 * Composite checksums (`...-N`) are of the parts' checksums, and a multipart or encrypted object's ETag is no MD5:
 * neither is about the bytes, so neither may raise an alarm.
 */
export function findPromise(answer: GetObjectCommandOutput): PromisedDigest | null {
  const checksums = [
    ['sha256', answer.ChecksumSHA256],
    ['sha1', answer.ChecksumSHA1],
    ['crc32', answer.ChecksumCRC32],
  ] as const;
  for (const [algorithm, expected] of checksums) {
    if (expected !== undefined && !expected.includes('-') && answer.ChecksumType !== 'COMPOSITE')
      return { algorithm, expected };
  }
  const etag = unquote(answer.ETag ?? '');
  const isEncryptedElsewhere =
    answer.SSECustomerAlgorithm !== undefined || (answer.ServerSideEncryption ?? 'AES256') !== 'AES256';
  return /^[0-9a-f]{32}$/.test(etag) && !isEncryptedElsewhere ? { algorithm: 'md5', expected: etag } : null;
}

/** Digests an object's bytes as they come, over all the attempts it takes to get them. */
export class WholeObjectCheck {
  readonly #promise: PromisedDigest;
  #hash: Hash | null = null;
  #crc = 0;

  constructor(promise: PromisedDigest) {
    this.#promise = promise;
    this.restart();
  }

  restart(): void {
    const { algorithm } = this.#promise;
    this.#crc = 0;
    this.#hash = algorithm === 'crc32' ? null : createHash(algorithm);
  }

  update(bytes: Uint8Array): void {
    if (this.#hash === null) this.#crc = crc32(bytes, this.#crc);
    else this.#hash.update(bytes);
  }

  /** To be asked once, after the last byte. */
  isKept(): boolean {
    const { algorithm, expected } = this.#promise;
    if (this.#hash !== null) return this.#hash.digest(algorithm === 'md5' ? 'hex' : 'base64') === expected;
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#crc);
    return bytes.toString('base64') === expected;
  }
}
