import type { Readable } from 'node:stream';
import { boolean, custom, string } from '@oclif/core/flags';
import type { InferredFlags } from '@oclif/core/interfaces';
import type { ObjectStore } from '../../s3/object-store.ts';
import { BreakwaterError } from '../../errors.ts';
import type { KeyPatterns } from '../../key-filter.ts';
import { localInventory } from '../../sweep/inventory/local-inventory.ts';
import { openInventory } from '../../sweep/inventory/inventory.ts';
import type { SweepJob } from '../../sweep/run-sweep.ts';
import { parseShard, SHARDS_MAX, type Shard } from '../../sweep/shard.ts';
import { LIST_CONCURRENCY, type Selection, type SelectionSource } from '../../sweep/select/select-items.ts';
import type { S3Location } from '../../transfer/transfer-context.ts';
import type { CommandRun } from '../command-run.ts';
import { refuseValue } from '../settings/resolve-settings.ts';
import { countFlag, durationFlag, FlagRefused, sizeFlag } from './flags.ts';
import { isS3Url, parseS3Url } from './s3-url.ts';
import { openKeyList } from '../open-key-list.ts';
import { storedInventory } from '../stored-inventory.ts';

const LIST_CONCURRENCY_MAX = 64;

/** Where the keys come from. */
const KEYS = 'KEYS';

/** The flags that select what a sweep deletes, apart from its prefix and age. */
export const selectionFlags = {
  include: string({ multiple: true, helpValue: 'GLOB', summary: 'only matching keys, such as *.log or a/**' }),
  exclude: string({ multiple: true, helpValue: 'GLOB', summary: 'keep matching keys; wins over --include' }),
  'min-size': sizeFlag({ summary: 'delete only objects of at least this size' }),
  'max-size': sizeFlag({ summary: 'delete only objects of at most this size' }),
  'keys-from': string({
    helpValue: 'FILE',
    summary: 'read the keys from this file instead of a listing, one per line; - for standard input',
    helpGroup: KEYS,
    exclusive: ['inventory', 'versions'],
  }),
  null: boolean({
    // oclif's types allow only letters, but its parser takes any character, and find and xargs use -0.
    char: '0' as 'z',
    summary: 'keys in --keys-from are NUL-terminated',
    helpGroup: KEYS,
    dependsOn: ['keys-from'],
  }),
  inventory: string({
    helpValue: 'MANIFEST',
    summary: 'read the keys from an S3 Inventory (CSV) instead of a listing; the manifest.json as a file or s3://...',
    helpGroup: KEYS,
    exclusive: ['versions'],
  }),
  versions: boolean({
    summary: 'delete noncurrent versions instead of current objects',
    description: 'expired delete markers are deleted, too',
  }),
  shard: custom<Shard>({
    summary: 'sweep only part I of N, on one of N runners; each key falls to exactly one part',
    helpGroup: KEYS,
    helpValue: 'I/N',
    parse: async (text, _context, { name }) => {
      const shard = parseShard(text);
      if (shard === undefined) {
        const accepts = `I/N, such as 1/8: whole numbers, I from 1 to N, and N at most ${SHARDS_MAX}`;
        throw new FlagRefused(refuseValue({ name: `--${name}`, value: text, accepts }));
      }
      return await Promise.resolve(shard);
    },
  })(),
  'abort-uploads': durationFlag({
    summary: 'also abort multipart uploads older than this',
    helpValue: 'AGE',
  }),
  'list-concurrency': countFlag({
    summary: 'parallel listings, each of a part of the key space',
    least: 1,
    most: LIST_CONCURRENCY_MAX,
    default: LIST_CONCURRENCY,
    helpGroup: KEYS,
  }),
};

type SelectionFlags = Omit<InferredFlags<typeof selectionFlags>, 'json'>;

/** The inputs for opening a source of keys. */
interface SelectionTools {
  /** The bucket to sweep. */
  readonly bucket: string;
  readonly aws: CommandRun['aws'];
  /** @throws BreakwaterError `local_io` if it cannot be read */
  readonly openStdin: () => Readable;
  readonly connect: () => Promise<ObjectStore>;
  readonly signal: AbortSignal;
}

/** The target of a sweep, and its age limits. */
type SweepTarget = Pick<SweepJob, 'bucket' | 'prefix' | 'olderThanMs' | 'abortUploadsMs'>;

interface TargetFlags extends Pick<SelectionFlags, 'abort-uploads' | 'keys-from'> {
  readonly 'older-than': number | undefined;
  readonly all: boolean;
}

/** Checks a bucket and a prefix. @throws BreakwaterError `usage` for a sweep that could delete more than intended */
export function readSweepTarget({ bucket, key: prefix }: S3Location, flags: TargetFlags): SweepTarget {
  refuseUnordered(bucket);
  const { 'older-than': olderThanMs = null, 'abort-uploads': abortUploadsMs = null } = flags;
  // The age of uploads is enough to abort uploads only.
  if (olderThanMs === null && abortUploadsMs === null) {
    throw new BreakwaterError('usage', 'sweep needs an age: --older-than AGE', {
      details: { reason: 'needs_age', hint: 'for example --older-than 24h; add --dry-run to preview' },
    });
  }
  // A list of keys cannot mean the whole bucket by mistake, but it does not list uploads.
  const isListed = flags['keys-from'] !== undefined && abortUploadsMs === null;
  if (prefix === '' && !flags.all && !isListed) {
    throw new BreakwaterError('usage', `s3://${bucket}/ has an empty prefix, which is the whole bucket`, {
      details: { reason: 'empty_prefix', hint: 'name a prefix, or pass --all' },
    });
  }
  return { bucket, prefix, olderThanMs, abortUploadsMs };
}

/** Parallel listings and checkpoints need keys in order (S3 User Guide, "Directory buckets", "Differences"). */
function refuseUnordered(bucket: string): void {
  if (!bucket.endsWith('--x-s3')) return;
  throw new BreakwaterError('usage', `${bucket} is a directory bucket (S3 Express One Zone), which cannot be swept`, {
    details: {
      reason: 'directory_bucket',
      hint: 'it does not list its keys in order: use a lifecycle rule; put and get support it',
    },
  });
}

/**
 * Turns the flags into a selection. Files are checked here, so that a wrong name fails before the first request. Only
 * an inventory in S3 sends requests here.
 * @throws BreakwaterError `usage`, `not_found`, `local_io`, and the errors of a download
 */
export async function readSelection(flags: SelectionFlags, tools: SelectionTools): Promise<Selection> {
  const minSizeBytes = flags['min-size'] ?? null;
  const maxSizeBytes = flags['max-size'] ?? null;
  if (minSizeBytes !== null && maxSizeBytes !== null && minSizeBytes > maxSizeBytes) {
    throw new BreakwaterError('usage', '--min-size is larger than --max-size, so nothing matches');
  }
  return {
    patterns: readPatterns(flags),
    minSizeBytes,
    maxSizeBytes,
    source: await readSource(flags, tools),
    listConcurrency: flags['list-concurrency'] ?? LIST_CONCURRENCY,
    // An inventory is divided by its files, so that each runner reads only its own.
    shard: flags.inventory === undefined ? (flags.shard ?? null) : null,
  };
}

function readPatterns({ include = [], exclude = [] }: SelectionFlags): KeyPatterns {
  if ([...include, ...exclude].includes('')) {
    throw new BreakwaterError('usage', 'an empty pattern matches no key', {
      details: { hint: 'leave out the empty --include or --exclude' },
    });
  }
  return { include, exclude };
}

async function readSource(
  { 'keys-from': keysFrom, null: isNullSeparated, inventory, versions, shard }: SelectionFlags,
  { bucket, openStdin, connect, signal, aws }: SelectionTools,
): Promise<SelectionSource> {
  if (versions) return { kind: 'versions' };
  if (inventory !== undefined) {
    const location = isS3Url(inventory)
      ? storedInventory(parseS3Url(inventory, { aws }), { connect, signal })
      : localInventory(inventory);
    const { read, files } = await openInventory(location, bucket, shard ?? null);
    return { kind: 'named', open: read, files };
  }
  if (keysFrom === undefined) return { kind: 'objects' };
  return await openKeyList(keysFrom, { isNullSeparated, openStdin });
}
