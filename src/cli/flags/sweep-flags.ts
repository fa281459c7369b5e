import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { boolean, string } from '@oclif/core/flags';
import type { ObjectStore } from '../../s3/object-store.ts';
import { BreakwaterError } from '../../errors.ts';
import type { KeyPatterns } from '../../key-filter.ts';
import { localInventory } from '../../sweep/inventory/local-inventory.ts';
import { openInventory } from '../../sweep/inventory/inventory.ts';
import { readKeyList } from '../../sweep/key-list.ts';
import { LIST_CONCURRENCY, type SelectionRequest, type SelectionSource } from '../../sweep/select-items.ts';
import { countFlag, durationFlag, sizeFlag } from './flags.ts';
import { isS3Url, parseS3Url } from './s3-url.ts';
import { storedInventory } from '../stored-inventory.ts';

const LIST_CONCURRENCY_MAX = 64;

/** The flags by which a sweep selects, beside its prefix and its age. */
export const selectionFlags = {
  include: string({ multiple: true, helpValue: 'GLOB', summary: 'take only keys like this, such as *.log or a/**' }),
  exclude: string({ multiple: true, helpValue: 'GLOB', summary: 'leave keys like this, also where they are included' }),
  'min-size': sizeFlag({ summary: 'least size of what is deleted' }),
  'max-size': sizeFlag({ summary: 'largest size of what is deleted' }),
  'keys-from': string({
    helpValue: 'FILE',
    summary: 'take the keys of this file instead of a listing, one a line; - for standard input',
    exclusive: ['inventory', 'versions'],
  }),
  null: boolean({
    // oclif's types know letters only; its parser takes any character, and -0 is what find and xargs have taught.
    char: '0' as 'z',
    summary: 'the keys of --keys-from are each ended by a NUL byte',
    dependsOn: ['keys-from'],
  }),
  inventory: string({
    helpValue: 'MANIFEST',
    summary: 'take the keys of an S3 Inventory (CSV) by its manifest.json, a file or s3://..., instead of a listing',
    exclusive: ['versions'],
  }),
  versions: boolean({
    summary: 'delete noncurrent versions, and delete markers with nothing behind them, instead of current objects',
  }),
  'abort-uploads': durationFlag({
    summary: 'also abort multipart uploads that were begun this long ago and never ended',
    helpValue: 'AGE',
  }),
  'list-concurrency': countFlag({
    summary: 'listings at once, each of a part of the key space',
    least: 1,
    most: LIST_CONCURRENCY_MAX,
    default: LIST_CONCURRENCY,
  }),
};

/** What the flags above hold once parsed. */
export interface SelectionFlags {
  readonly include: readonly string[] | undefined;
  readonly exclude: readonly string[] | undefined;
  readonly 'min-size': number | undefined;
  readonly 'max-size': number | undefined;
  readonly 'keys-from': string | undefined;
  readonly null: boolean;
  readonly inventory: string | undefined;
  readonly versions: boolean;
  readonly 'list-concurrency': number | undefined;
}

/** What the sources of a selection need. */
interface SelectionTools {
  /** That is swept. */
  readonly bucket: string;
  readonly stdin: Readable;
  readonly connect: () => Promise<ObjectStore>;
  readonly signal: AbortSignal;
}

/** What they mean for a selection. */
export type Selection = Required<
  Pick<SelectionRequest, 'patterns' | 'minSizeBytes' | 'maxSizeBytes' | 'source' | 'listConcurrency'>
>;

/**
 * Turns the flags into a selection. Files are opened once now, so that a wrong name ends the command before S3 is asked;
 * S3 is asked only for an inventory that is there.
 * @throws BreakwaterError `usage`, `not_found`, `local_io`, and what a download ends with
 */
export async function readSelection(flags: SelectionFlags, tools: SelectionTools): Promise<Selection> {
  const minSizeBytes = flags['min-size'] ?? null;
  const maxSizeBytes = flags['max-size'] ?? null;
  if (minSizeBytes !== null && maxSizeBytes !== null && minSizeBytes > maxSizeBytes) {
    throw new BreakwaterError('usage', '--min-size is above --max-size: nothing has such a size');
  }
  return {
    patterns: readPatterns(flags),
    minSizeBytes,
    maxSizeBytes,
    source: await readSource(flags, tools),
    listConcurrency: flags['list-concurrency'] ?? LIST_CONCURRENCY,
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
  { 'keys-from': keysFrom, null: isNullSeparated, inventory, versions }: SelectionFlags,
  { bucket, stdin, connect, signal }: SelectionTools,
): Promise<SelectionSource> {
  if (versions) return { kind: 'versions' };
  if (inventory !== undefined) {
    const place = isS3Url(inventory)
      ? storedInventory(parseS3Url(inventory), { connect, signal })
      : localInventory(inventory);
    const { read } = await openInventory(place, bucket);
    return { kind: 'named', open: read };
  }
  if (keysFrom === undefined) return { kind: 'objects' };
  if (keysFrom === '-') {
    return { kind: 'named', open: () => readKeyList(stdin, { isNullSeparated, name: 'standard input' }) };
  }
  await access(keysFrom, constants.R_OK).catch((error: unknown) => {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new BreakwaterError(isMissing ? 'not_found' : 'local_io', `cannot read the list of keys ${keysFrom}`, {
      cause: error,
    });
  });
  return { kind: 'named', open: () => readKeyList(createReadStream(keysFrom), { isNullSeparated, name: keysFrom }) };
}
