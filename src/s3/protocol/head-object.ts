import { HeadObjectCommand, type HeadObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import type { WatchedOptions } from '../../http/http-handler.ts';
import { readFailedResponse } from '../../retry/read-failure.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { assertVersion } from './response-fields.ts';
import { readStoreClock } from './store-clock.ts';

export interface HeadRequest {
  readonly bucket: string;
  readonly key: string;
  /** @default null: the current version */
  readonly versionId?: string | null;
  /** Limits the request to one part. @default the whole object */
  readonly partNumber?: number;
  /** Fails unless the object has this ETag. */
  readonly ifMatch?: string;
  /** Also request the stored checksums, which needs the key for a KMS object. */
  readonly wantsChecksum?: boolean;
}

/** S3's description of an object, and the store's own clock in ms; null if it sent no `Date`. */
export type ObjectHead = HeadObjectCommandOutput & { readonly storeNowMs: number | null };

/**
 * Sends one HEAD within an attempt of an operation, such as `statObject` (`s3/download/stat-object.ts`).
 * @throws the SDK's error, also for a missing object; TransferFault `not_s3` for a response that describes no object, or
 * another version
 */
export async function readHead(s3: S3Client, request: HeadRequest, options: WatchedOptions): Promise<ObjectHead> {
  const { bucket, key, versionId = null, partNumber, ifMatch, wantsChecksum = false } = request;
  const command = new HeadObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(versionId === null ? {} : { VersionId: versionId }),
    ...(partNumber === undefined ? {} : { PartNumber: partNumber }),
    ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }),
    ...(wantsChecksum ? { ChecksumMode: 'ENABLED' } : {}),
  });
  const storeClock = readStoreClock(command);
  const output = await s3.send(command, options);
  const { httpStatusCode: status } = output.$metadata;
  if (status !== 200 && !(status === 206 && partNumber !== undefined)) {
    throw new TransferFault('not_s3', `a response with status ${status ?? 'unknown'} describes no object`);
  }
  assertVersion(output, { versionId });
  return { ...output, storeNowMs: storeClock() };
}

/** The head of an object, or null for status 404. A HEAD has no body, so that status can also mean a missing bucket. */
export async function headObject(
  s3: S3Client,
  request: HeadRequest,
  options: WatchedOptions,
): Promise<ObjectHead | null> {
  try {
    return await readHead(s3, request, options);
  } catch (error) {
    if (readFailedResponse(error).httpStatus === 404) return null;
    throw error;
  }
}

/**
 * Whether the store refuses a HEAD, given its error: an object can be read or written where its HEAD is denied (403), and
 * behind gateways that know no HEAD (405, 501).
 */
export function isHeadRefused(error: unknown): boolean {
  const { httpStatus } = readFailedResponse(error);
  return httpStatus !== null && (httpStatus < 500 || httpStatus === 501) && httpStatus !== 408 && httpStatus !== 429;
}

/** The head of an object; also null if the store refuses to tell it, although the object may be written. */
export async function headIfAllowed(...request: Parameters<typeof headObject>): Promise<ObjectHead | null> {
  try {
    return await headObject(...request);
  } catch (error) {
    if (isHeadRefused(error)) return null;
    throw error;
  }
}
