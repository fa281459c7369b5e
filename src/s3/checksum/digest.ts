import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32cJs, Crc64NvmeJs } from '@aws-sdk/checksums/crc';
import { assertNever } from '../../errors.ts';

/** What S3 may have digested an object with, as JSON tells it; what costs least to compute first. */
export const DIGEST_ALGORITHMS = ['sha256', 'sha1', 'crc32', 'md5', 'crc32c', 'crc64nvme'] as const;
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];

export interface Digest {
  readonly update: (bytes: Uint8Array) => unknown;
  /** To be asked once, after the last byte. */
  readonly digest: () => Uint8Array | Promise<Uint8Array>;
}

export function createDigest(algorithm: DigestAlgorithm): Digest {
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
