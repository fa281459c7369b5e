import { readFailedResponse } from '../../retry/read-failure.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import type { ListedObject, ListedPage } from './list-objects.ts';
import { readWhole } from '../connection/direct-response.ts';
import type { ObjectClient } from '../connection/object-client.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import { headObject } from '../protocol/head-object.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';
import { sinceS3Began } from '../../wire-time.ts';

/** Requests in flight for one call. */
const STATS_IN_FLIGHT = 16;

export interface StatKeysRequest {
  readonly bucket: string;
  /** At most 1,000, like a page of a listing. */
  readonly keys: readonly string[];
}

/**
 * Looks up named keys with one HEAD each, and returns what a listing would report. Missing keys are left out.
 *
 * Together they are one guarded operation, and count as one page of the listing that they replace.
 * @throws BreakwaterError with the codes of a listing; `access_denied` if any key may not be read
 */
export async function statKeys(
  s3: ObjectClient,
  guard: Guard,
  { bucket, keys }: StatKeysRequest,
): Promise<Omit<ListedPage, 'isLast'>> {
  return await runGuarded(guard, { operation: 'list_objects', bucket }, async (requests) => {
    const found: (Found | null)[] = [];
    const queue = keys.entries();
    const statNext = async (): Promise<void> => {
      // All workers share one iterator, so each key is taken once.
      for (const [index, key] of queue) found[index] = await statKey(s3, { bucket, key }, requests);
    };
    await Promise.all(Array.from({ length: Math.min(STATS_IN_FLIGHT, keys.length) }, statNext));
    const objects = found.filter((one) => one !== null);
    // The earliest, so that a slow response or a wrong date makes no other object look old.
    const times = objects.flatMap(({ storeNowMs }) => storeNowMs ?? []);
    const storeNowMs = times.length === 0 ? null : Math.min(...times);
    return { objects: objects.map(({ object }) => object), storeNowMs };
  });
}

interface Found {
  readonly object: ListedObject;
  readonly storeNowMs: number | null;
}

interface Named {
  readonly bucket: string;
  readonly key: string;
}

function statKey(s3: ObjectClient, named: Named, requests: RequestRunner): Promise<Found | null> {
  return requests.send(async ({ options }) => {
    const head = await headObject(s3, named, options);
    if (head === null) {
      await assertOnlyKeyMissing(s3, named, options);
      return null;
    }
    const { LastModified, ContentLength: sizeBytes = 0, ETag: etag, storeNowMs } = head;
    if (LastModified === undefined || etag === undefined) {
      throw new TransferFault('not_s3', 'the response about an object has no time or no ETag');
    }
    const lastModifiedMs = sinceS3Began(LastModified.getTime());
    return { object: { key: named.key, sizeBytes, lastModifiedMs, etag }, storeNowMs };
  });
}

/**
 * A 404 to a HEAD has no body: the key or the bucket may be missing, or the server may not be S3. Only the first means
 * "no such object", so a GET, whose response has a body, decides.
 * @throws any other error
 */
async function assertOnlyKeyMissing(s3: ObjectClient, { bucket, key }: Named, options: WatchedOptions): Promise<void> {
  try {
    const response = await s3.getObject({ Bucket: bucket, Key: key, Range: 'bytes=0-0' }, options);
    // The object was created in between, so it is too new for the caller.
    await readWhole(response.body);
  } catch (error) {
    if (readFailedResponse(error).code !== 'NoSuchKey') throw error;
  }
}
