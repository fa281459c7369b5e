import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { readFailedResponse } from '../../retry/read-failure.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import type { ListedObject, ListedPage } from './list-objects.ts';
import { readWhole } from '../connection/direct-response.ts';
import type { ObjectClient } from '../connection/object-client.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import { readStoreClock } from '../protocol/store-clock.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';

/** Requests of one look-up in flight at once. */
const STATS_IN_FLIGHT = 16;

export interface StatKeysRequest {
  readonly bucket: string;
  /** As many as a page of a listing has, 1,000, at most. */
  readonly keys: readonly string[];
}

/**
 * Finds out of named keys what a listing would have told, one HEAD each. Those that are not there are left out.
 *
 * All of them are one guarded operation, counted as one page of a listing, which they stand for: it has no circuit.
 * @throws BreakwaterError as a listing would: one key that may not be looked at ends it
 */
export async function statKeys(
  s3: ObjectClient,
  guard: Guard,
  { bucket, keys }: StatKeysRequest,
): Promise<Omit<ListedPage, 'isLast'>> {
  return await runGuarded(guard, { operation: 'list_objects', bucket }, async (requests) => {
    const found: (Found | null)[] = [];
    const places = keys.entries();
    const look = async (): Promise<void> => {
      // One iterator for all: each key is taken once.
      for (const [place, key] of places) found[place] = await lookUp(s3, { bucket, key }, requests);
    };
    await Promise.all(Array.from({ length: Math.min(STATS_IN_FLIGHT, keys.length) }, look));
    const objects = found.filter((one) => one !== null);
    const storeNowMs = objects.reduce<number | null>((latest, one) => one.storeNowMs ?? latest, null);
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

async function lookUp(s3: ObjectClient, named: Named, requests: RequestRunner): Promise<Found | null> {
  return await requests.send(async ({ options }) => {
    try {
      return await readHead(s3, named, options);
    } catch (error) {
      if (readFailedResponse(error).httpStatus !== 404) throw error;
      await assertOnlyKeyMissing(s3, named, options);
      return null;
    }
  });
}

async function readHead(s3: ObjectClient, { bucket, key }: Named, options: WatchedOptions): Promise<Found> {
  const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
  const storeClock = readStoreClock(command);
  const { LastModified, ContentLength, ETag } = await s3.send(command, options);
  if (LastModified === undefined || ETag === undefined) {
    throw new TransferFault('not_s3', 'the answer about an object tells neither its time nor its ETag');
  }
  const object = { key, sizeBytes: ContentLength ?? 0, lastModifiedMs: LastModified.getTime(), etag: ETag };
  return { object, storeNowMs: storeClock() };
}

/**
 * A 404 to a HEAD has no body: it may mean the key, the bucket, or a server that is no store. Only the first may pass
 * for "not there", so a request whose response has a body is asked.
 * @throws whatever else it is
 */
async function assertOnlyKeyMissing(s3: ObjectClient, { bucket, key }: Named, options: WatchedOptions): Promise<void> {
  try {
    const response = await s3.getObject({ Bucket: bucket, Key: key, Range: 'bytes=0-0' }, options);
    // It has come to be in between, so it is as young as can be.
    await readWhole(response.body);
  } catch (error) {
    if (readFailedResponse(error).code !== 'NoSuchKey') throw error;
  }
}
