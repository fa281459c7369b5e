import { Bucket } from './bucket.ts';
import { isBucketName } from './bucket-name.ts';
import { Refusal } from '../protocol/wire.ts';

/** All buckets of a sandbox. */
export class Buckets {
  readonly #newId: () => string;
  readonly #buckets = new Map<string, Bucket>();

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  /** @throws Refusal `InvalidBucketName`, `BucketAlreadyOwnedByYou` */
  create(name: string, nowMs: number, location = ''): Bucket {
    if (!isBucketName(name)) throw new Refusal('InvalidBucketName', 'The specified bucket is not valid.');
    if (this.#buckets.has(name)) throw new Refusal('BucketAlreadyOwnedByYou', 'You already own this bucket.');
    const bucket = new Bucket(name, { createdAtMs: nowMs, location, newId: this.#newId });
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

  /** @throws Refusal `NoSuchBucket`, `BucketNotEmpty` while any version remains */
  delete(name: string): void {
    if (this.get(name).versionedKeys.length > 0) {
      const message = 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.';
      throw new Refusal('BucketNotEmpty', message);
    }
    this.#buckets.delete(name);
  }

  list(): readonly Bucket[] {
    return [...this.#buckets.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}
