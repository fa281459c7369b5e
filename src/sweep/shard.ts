/** One of several parts of a sweep, which together cover every key once. */
export interface Shard {
  /** From 1 to `of`. */
  readonly number: number;
  readonly of: number;
}

/** More shards than a bucket can serve requests of. */
export const SHARDS_MAX = 10_000;

/** Reads `I/N`; undefined for anything else. */
export function parseShard(text: string): Shard | undefined {
  const [, number = '', of = ''] = /^([1-9]\d{0,4})\/([1-9]\d{0,4})$/.exec(text) ?? [];
  const shard = { number: Number(number), of: Number(of) };
  return number !== '' && shard.number <= shard.of && shard.of <= SHARDS_MAX ? shard : undefined;
}

export function formatShard({ number, of }: Shard): string {
  return `${number}/${of}`;
}

/** Whether a key falls to this shard; its versions and delete markers fall to the same one. */
export function holdsKey({ number, of }: Shard, key: string): boolean {
  return of === 1 || hashKey(key) % of === number - 1;
}

/** Every Nth of a list, such as the files of an inventory, which name each key once. */
export function takeEveryNth<T>(list: readonly T[], { number, of }: Shard): readonly T[] {
  return list.filter((_, index) => index % of === number - 1);
}

/**
 * 32 bits of a key: FNV-1a over its UTF-16 units, mixed as the end of MurmurHash3, because the low bits of FNV alone
 * follow those of the last character. All hosts must agree on it, so it never changes.
 */
function hashKey(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
