import type { BreakwaterError } from '../../errors.ts';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import { operationError } from '../../guard/operation-error.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { sinceS3Began } from '../../wire-time.ts';
import type { SettingNames } from '../../setting-names.ts';
import type { ObjectClient } from '../connection/object-client.ts';
import type { ListedObject, ListedPage } from './list-objects.ts';
import { lookAtKey, type Look } from './look-at-key.ts';

/** Requests in flight for one call. */
const STATS_IN_FLIGHT = 16;

export interface StatKeysRequest {
  readonly bucket: string;
  /** At most 1,000, like a page of a listing. */
  readonly keys: readonly string[];
}

/** What a look at named keys found. Missing keys are left out. */
export interface StatedKeys extends Pick<ListedPage, 'storeNowMs'> {
  readonly objects: readonly StatedObject[];
  /** The keys that the store does not show, each with the reason. */
  readonly unreadable: readonly UnreadableKey[];
}

/** Like an entry of a listing; some proxies drop the size. */
export type StatedObject = Omit<ListedObject, 'sizeBytes'> & { readonly sizeBytes: number | null };

export interface UnreadableKey {
  readonly key: string;
  readonly error: BreakwaterError;
}

/**
 * Looks up named keys with one HEAD each, and returns what a listing would report. A key that cannot be read (encrypted
 * with a key of its own, denied by a policy, failing after all retries) does not keep the others.
 *
 * Together they are one guarded operation, and count as one page of the listing that they replace.
 * @throws BreakwaterError with the codes of a listing, if a failure concerns more than one key, or if the store fails
 * for the first 16 keys
 */
export async function statKeys(s3: ObjectClient, guard: Guard, { bucket, keys }: StatKeysRequest): Promise<StatedKeys> {
  return await runGuarded(guard, { operation: 'list_objects', bucket }, async (requests) => {
    const looks: Look[] = [];
    let [answered, unavailable] = [0, 0];
    const queue = keys.entries();
    const statNext = async (): Promise<void> => {
      // All workers share one iterator, so each key is taken once.
      for (const [index, key] of queue) {
        const look = await lookAtKey(
          s3,
          { bucket, key, versionId: null },
          async (request) => await requests.send(async ({ options }) => checkLook(await request(options))),
        );
        looks[index] = look;
        if (look.kind !== 'unreadable' || look.failure.failure.errorCode !== 'unavailable') {
          answered += 1;
          continue;
        }
        unavailable += 1;
        // A store that is down would otherwise be asked for every key, with all retries.
        if (answered === 0 && unavailable >= STATS_IN_FLIGHT) throw look.failure;
      }
    };
    await Promise.all(Array.from({ length: Math.min(STATS_IN_FLIGHT, keys.length) }, statNext));
    return collect(looks, { bucket, keys, names: guard.nameSettings?.() });
  });
}

/** @throws TransferFault `not_s3` if the response does not describe an object */
function checkLook(look: Look): Look {
  if (look.kind !== 'there') return look;
  const { LastModified, ETag } = look.head;
  if (LastModified !== undefined && ETag !== undefined) return look;
  throw new TransferFault('not_s3', 'the response about an object has no time or no ETag');
}

function collect(
  looks: readonly Look[],
  { bucket, keys, names }: StatKeysRequest & { readonly names: SettingNames | undefined },
): StatedKeys {
  const objects: StatedObject[] = [];
  const unreadable: UnreadableKey[] = [];
  const times: number[] = [];
  for (const [index, look] of looks.entries()) {
    const key = keys[index] ?? '';
    if (look.kind === 'unreadable') {
      unreadable.push({ key, error: operationError({ operation: 'list_objects', bucket, key }, look.failure, names) });
    }
    if (look.kind !== 'there') continue;
    const { LastModified, ETag = null, ContentLength: sizeBytes = null, storeNowMs = null } = look.head;
    const lastModifiedMs = LastModified === undefined ? null : sinceS3Began(LastModified.getTime());
    objects.push({ key, sizeBytes, lastModifiedMs, etag: ETag });
    if (storeNowMs !== null) times.push(storeNowMs);
  }
  // The earliest, so that a slow response or a wrong date makes no other object look old.
  return { objects, unreadable, storeNowMs: times.length === 0 ? null : Math.min(...times) };
}
