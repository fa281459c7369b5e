import { findPlace } from './key-order.ts';
import { Refusal, type Checksum } from './wire.ts';

export interface StoredObject {
  readonly body: Buffer;
  /** With quotes, as in the header. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  /** What the writer said of it: content type, cache control, `x-amz-meta-*` ... by header name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum: Checksum | null;
}

export interface StoredPart {
  readonly body: Buffer;
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly checksum: Checksum | null;
}

export interface StoredUpload {
  readonly id: string;
  readonly key: string;
  readonly startedAtMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The checksum that was promised with its beginning; null for none. */
  readonly checksum: Pick<Checksum, 'algorithm' | 'type'> | null;
  readonly parts: Map<number, StoredPart>;
}

/** One bucket, in memory: objects by key, keys in order. */
export class Bucket {
  readonly name: string;
  readonly createdAtMs: number;
  readonly uploads = new Map<string, StoredUpload>();
  readonly #objects = new Map<string, StoredObject>();
  readonly #keys: string[] = [];

  constructor(name: string, createdAtMs: number) {
    this.name = name;
    this.createdAtMs = createdAtMs;
  }

  /** All keys in S3's order. */
  get keys(): readonly string[] {
    return this.#keys;
  }

  find(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** @throws Refusal `NoSuchKey` */
  get(key: string): StoredObject {
    const object = this.#objects.get(key);
    if (object === undefined) throw new Refusal('NoSuchKey', 'The specified key does not exist.');
    return object;
  }

  put(key: string, object: StoredObject): void {
    if (!this.#objects.has(key)) this.#keys.splice(findPlace(this.#keys, key), 0, key);
    this.#objects.set(key, object);
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.#keys.splice(findPlace(this.#keys, key), 1);
  }

  /** @throws Refusal `NoSuchUpload` */
  getUpload(id: string, key: string): StoredUpload {
    const upload = this.uploads.get(id);
    if (upload === undefined || upload.key !== key) {
      throw new Refusal('NoSuchUpload', 'The specified multipart upload does not exist.');
    }
    return upload;
  }
}

const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** All buckets of a sandbox. */
export class Buckets {
  readonly #buckets = new Map<string, Bucket>();

  /** @throws Refusal `InvalidBucketName`, `BucketAlreadyOwnedByYou` */
  create(name: string, nowMs: number): Bucket {
    if (!BUCKET_NAME.test(name)) throw new Refusal('InvalidBucketName', 'The specified bucket is not valid.');
    if (this.#buckets.has(name)) throw new Refusal('BucketAlreadyOwnedByYou', 'You already own this bucket.');
    const bucket = new Bucket(name, nowMs);
    this.#buckets.set(name, bucket);
    return bucket;
  }

  /** @throws Refusal `NoSuchBucket` */
  get(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw new Refusal('NoSuchBucket', 'The specified bucket does not exist');
    return bucket;
  }

  has(name: string): boolean {
    return this.#buckets.has(name);
  }

  /** @throws Refusal `NoSuchBucket`, `BucketNotEmpty` */
  delete(name: string): void {
    if (this.get(name).keys.length > 0)
      throw new Refusal('BucketNotEmpty', 'The bucket you tried to delete is not empty');
    this.#buckets.delete(name);
  }

  list(): readonly Bucket[] {
    return [...this.#buckets.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}
