import { createHash, hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32cJs, Crc64NvmeJs } from '@aws-sdk/checksums/crc';
import { assertNever } from '../../errors.ts';
import { createFastCrc, loadFastCrc } from '../../fast-crc.ts';
import type { DigestAlgorithm } from './algorithms.ts';

export interface Digest {
  readonly update: (bytes: Uint8Array) => unknown;
  /** Call once, after the last byte. */
  readonly digest: () => Uint8Array | Promise<Uint8Array>;
}

/**
 * Loads what makes `createDigest` fast; call it first. Never rejects.
 * @returns null if there is nothing to load, or it has been tried
 */
export function loadDigest(algorithm: DigestAlgorithm): Promise<void> | null {
  return algorithm === 'crc32c' || algorithm === 'crc64nvme' ? loadFastCrc(algorithm) : null;
}

/** A new digest. CRC-32C and CRC-64/NVME are computed in JavaScript, at a fifth of the speed, if `loadDigest` could not help. */
export function createDigest(algorithm: DigestAlgorithm): Digest {
  switch (algorithm) {
    case 'sha256':
    case 'sha1':
    case 'md5':
      return createHash(algorithm);
    case 'crc32':
      return new NativeCrc32();
    case 'crc32c':
      return createFastCrc(algorithm) ?? new Crc32cJs();
    case 'crc64nvme':
      return createFastCrc(algorithm) ?? new Crc64NvmeJs();
    default:
      return assertNever(algorithm);
  }
}

/** The digest of bytes in memory: at once, unless what makes it fast must be loaded first. */
export function digestOnce(algorithm: DigestAlgorithm, bytes: Uint8Array): Uint8Array | Promise<Uint8Array> {
  if (algorithm === 'md5' || algorithm === 'sha1' || algorithm === 'sha256') return hash(algorithm, bytes, 'buffer');
  const loading = loadDigest(algorithm);
  if (loading !== null) return loading.then(() => digestOnce(algorithm, bytes));
  const digest = createDigest(algorithm);
  digest.update(bytes);
  return digest.digest();
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
