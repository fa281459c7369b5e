import { createHash, createHmac, createSecretKey, type Hash, type Hmac, type KeyObject } from 'node:crypto';
import type { S3ClientConfig } from '@aws-sdk/client-s3';

type Bytes = string | ArrayBuffer | ArrayBufferView;

/**
 * SHA-256 and its HMAC for the SDK, which needs several per signature.
 *
 * Node takes 10 us for an HMAC with a key as bytes, but 2 us with a key object, and the same few keys sign everything
 * (Signature Version 4: one for a day, a region and a service).
 */
export function createSha256(): NonNullable<S3ClientConfig['sha256']> {
  const keys = new KeyObjects();
  return class Sha256 {
    readonly #hash: Hash | Hmac;

    constructor(secret?: Bytes) {
      this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', keys.of(secret));
    }

    update(bytes: Bytes): void {
      this.#hash.update(typeof bytes === 'string' ? bytes : viewOf(bytes));
    }

    async digest(): Promise<Uint8Array> {
      return await Promise.resolve(this.#hash.digest());
    }
  };
}

/** Caches key objects: the latest one for text secrets, and those for byte secrets while the bytes are referenced. */
class KeyObjects {
  readonly #ofBytes = new WeakMap<object, KeyObject>();
  #latest: { readonly secret: string; readonly key: KeyObject } | null = null;

  of(secret: Bytes): KeyObject {
    if (typeof secret === 'string') {
      if (this.#latest?.secret !== secret) this.#latest = { secret, key: createSecretKey(secret, 'utf8') };
      return this.#latest.key;
    }
    const key = this.#ofBytes.get(secret) ?? createSecretKey(viewOf(secret));
    this.#ofBytes.set(secret, key);
    return key;
  }
}

function viewOf(bytes: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
