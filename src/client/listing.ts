import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { TransferFault } from '../retry/fault.ts';
import type { Guard } from './guard.ts';
import { runGuarded } from './guarded-operation.ts';
import { readEntries, readListedSize, readListedTime } from './listed-entries.ts';
import { readStoreClock } from './store-clock.ts';
import type { WatchedOptions } from './watched-http.ts';
import type { XmlEntry } from './xml-entries.ts';

export interface ListRequest {
  readonly bucket: string;
  /** Keys that begin with it; empty for all. */
  readonly prefix: string;
  /** Full name of the circuit that guards it; null for a sweep, which has none. */
  readonly circuit: string | null;
  /** Only keys behind this one, in the order of their UTF-8 bytes; it need not exist. @default null: all */
  readonly startAfter?: string | null;
  /** Ends this listing alone, with its reason. */
  readonly signal?: AbortSignal;
}

/** One stored object, as a listing tells it. */
export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly lastModifiedMs: number;
  readonly etag: string | null;
}

export interface ListedPage {
  readonly objects: readonly ListedObject[];
  /** The store's own clock when it answered, in ms; null where it sent no `Date`. */
  readonly storeNowMs: number | null;
  /** No page comes after it. */
  readonly isLast: boolean;
}

/** Streams a listing page by page (1,000 keys at most each), so that memory does not grow with the bucket. */
export async function* listObjects(s3: S3Client, guard: Guard, request: ListRequest): AsyncGenerator<ListedPage> {
  const { bucket, prefix, circuit, startAfter = null } = request;
  const ending = endWith(guard, request.signal);
  let token: string | undefined;
  do {
    const answer = await runGuarded(
      ending,
      { operation: 'list_objects', bucket, circuit },
      async (requests) =>
        await requests.send(
          { isDataBearing: true },
          async ({ options }) => await fetchPage(s3, { bucket, prefix, startAfter, token }, options),
        ),
    );
    yield answer.page;
    token = answer.nextToken;
  } while (token !== undefined);
}

/** The same guard, which this signal also ends. */
export function endWith(guard: Guard, signal: AbortSignal | undefined): Guard {
  return signal === undefined ? guard : { ...guard, signal: AbortSignal.any([guard.signal, signal]) };
}

const OBJECTS: ReadonlySet<string> = new Set(['Contents']);

interface Fetched {
  readonly page: ListedPage;
  readonly nextToken: string | undefined;
}

/** Where a page begins: at the token of the one before it, or else behind a key. */
interface Place {
  readonly bucket: string;
  readonly prefix: string;
  readonly startAfter: string | null;
  readonly token: string | undefined;
}

async function fetchPage(
  s3: S3Client,
  { bucket, prefix, startAfter, token }: Place,
  options: WatchedOptions,
): Promise<Fetched> {
  const command = new ListObjectsV2Command({
    Bucket: bucket,
    Prefix: prefix,
    // Keys with control characters cannot stand in XML: ask for them encoded.
    EncodingType: 'url',
    ...(token !== undefined ? { ContinuationToken: token } : startAfter !== null ? { StartAfter: startAfter } : {}),
  });
  const storeClock = readStoreClock(command);
  const contents = readEntries(command, OBJECTS);
  const answer = await s3.send(command, options);
  // A proxy's page with status 200 parses to nothing at all; it must never read as "0 objects".
  if (answer.Name === undefined && answer.KeyCount === undefined) {
    throw new TransferFault('not_s3', 'the answer to the listing is not one of S3');
  }
  if (answer.IsTruncated === true && answer.NextContinuationToken === undefined) {
    throw new TransferFault('not_s3', 'a truncated listing came without a way to continue');
  }
  const isEncoded = answer.EncodingType === 'url';
  const objects = contents().map((entry) => parseListed(entry, { isEncoded }));
  const nextToken = answer.IsTruncated === true ? answer.NextContinuationToken : undefined;
  return { page: { objects, storeNowMs: storeClock(), isLast: nextToken === undefined }, nextToken };
}

/** An entry without a key or a time is no entry: a sweep that took 1970 for its age would delete it. */
function parseListed({ fields }: XmlEntry, { isEncoded }: { isEncoded: boolean }): ListedObject {
  const { Key, LastModified, Size = '0', ETag } = fields;
  const [lastModifiedMs, sizeBytes] = [readListedTime(LastModified), readListedSize(Size)];
  if (Key === undefined || lastModifiedMs === null || sizeBytes === null) {
    throw new TransferFault('not_s3', 'a listed object came without its key, its time or its size');
  }
  return { key: isEncoded ? decodeKey(Key) : Key, sizeBytes, lastModifiedMs, etag: ETag ?? null };
}

/** Percent-decoding is right on AWS, Ceph and Swift alike; AWS also writes a space as `+` (a plus is `%2B` everywhere). */
export function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', '%20'));
  } catch (error) {
    throw new TransferFault('not_s3', `a listed key cannot be decoded: ${encoded}`, { cause: error });
  }
}
