import { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import type { WatchedOptions } from '../../http/http-handler.ts';
import { readFields } from '../../read-fields.ts';
import { readFailedResponse } from '../../retry/read-failure.ts';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import type { ObjectClient } from '../connection/object-client.ts';
import { readHead } from '../protocol/head-object.ts';

/** What a HEAD shows of one key or version. */
export type Look =
  | { readonly kind: 'there'; readonly head: LookedHead }
  | { readonly kind: 'gone' }
  /** The store does not show it, for a reason that concerns this key alone. */
  | { readonly kind: 'unreadable'; readonly failure: RetryChainFailed };

/** Empty for a delete marker, of which a HEAD shows nothing else. */
export interface LookedHead {
  readonly ETag?: string | undefined;
  readonly LastModified?: Date | undefined;
  readonly ContentLength?: number | undefined;
  /** The store's own clock, in ms. */
  readonly storeNowMs?: number | null;
}

interface Place {
  readonly bucket: string;
  readonly key: string;
  /** Null for the current object. */
  readonly versionId: string | null;
}

/** Sends one request with its retry chain. */
type SendLook = (request: (options: WatchedOptions) => Promise<Look>) => Promise<Look>;

/**
 * Looks whether a key or version exists.
 *
 * An error to a HEAD has no body, so a 404 may mean the key, the bucket, or a server that is not S3, and a 403 one key or
 * wrong credentials. A GET of one byte, whose response has a body, decides.
 * @throws RetryChainFailed if the failure concerns more than this key; the signal's reason
 */
export async function lookAtKey(s3: ObjectClient, place: Place, send: SendLook): Promise<Look> {
  try {
    return await send(async (options) => {
      try {
        return { kind: 'there', head: await readHead(s3, place, options) };
      } catch (error) {
        if (isDeleteMarker(place, error)) return { kind: 'there', head: {} };
        if (!isMute(error)) throw error;
        return await explain(s3, place, options);
      }
    });
  } catch (error) {
    if (!(error instanceof RetryChainFailed) || !isAboutKey(error)) throw error;
    return { kind: 'unreadable', failure: error };
  }
}

/** A HEAD that failed with a status only. */
function isMute(error: unknown): boolean {
  const { httpStatus } = readFailedResponse(error);
  return httpStatus !== null && httpStatus >= 400 && httpStatus < 500 && httpStatus !== 408 && httpStatus !== 429;
}

/** @throws the error of the GET */
async function explain(s3: ObjectClient, { bucket, key, versionId }: Place, options: WatchedOptions): Promise<Look> {
  try {
    const input = { Bucket: bucket, Key: key, ...(versionId === null ? {} : { VersionId: versionId }) };
    const { head, body } = await s3.getObject({ ...input, Range: 'bytes=0-0' }, options);
    // Not read: a server that ignores the range sends the whole object.
    if (body instanceof Readable) body.destroy();
    return { kind: 'there', head: { ...head, ContentLength: readTotal(head) } };
  } catch (error) {
    const { code } = readFailedResponse(error);
    if (code === 'NoSuchKey' || code === 'NoSuchVersion') return { kind: 'gone' };
    throw error;
  }
}

/** The size of the whole object, in bytes, from the response to a range of it. */
function readTotal({ ContentRange, ContentLength }: GetObjectCommandOutput): number | undefined {
  if (ContentRange === undefined) return ContentLength;
  const total = /\/(\d{1,15})$/.exec(ContentRange)?.[1];
  return total === undefined ? undefined : Number(total);
}

/** S3 answers a HEAD of a delete marker by its version with 405; some stores with 404 and this header. */
function isDeleteMarker({ versionId }: Place, error: unknown): boolean {
  if (versionId === null) return false;
  const headers = readFields(readFields(readFields(error)['$response'])['headers']);
  return readFailedResponse(error).httpStatus === 405 || headers['x-amz-delete-marker'] === 'true';
}

/** Codes with a 403 that a policy may give for one key; other 403s (expired token, wrong key) concern every request. */
const DENIED_CODES: ReadonlySet<string> = new Set(['AccessDenied', 'AllAccessDisabled', 'Forbidden', 'http_403']);

/** Whether a code means that access to one key was denied, rather than to everything. */
export function isKeyDenied(code: string): boolean {
  return DENIED_CODES.has(code);
}

function isAboutKey({ failure: { code, errorCode } }: RetryChainFailed): boolean {
  if (errorCode === 'access_denied') return isKeyDenied(code);
  if (errorCode === 'not_found') return code !== 'NoSuchBucket';
  return errorCode === 'rejected' || errorCode === 'unavailable' || errorCode === 'object_changed';
}
