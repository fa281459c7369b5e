import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { readFailedResponse } from '../../retry/read-failure.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import { decodeKey, readNextKey, type ListRequest } from './list-objects.ts';
import { type FetchedPage, readPages } from './read-pages.ts';
import { readStoreClock } from '../protocol/store-clock.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';

/** A multipart upload that was begun and neither completed nor aborted; its parts take room and are listed nowhere. */
export interface UnfinishedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly startedAtMs: number;
}

export interface UploadPage {
  readonly uploads: readonly UnfinishedUpload[];
  /** The store's own clock when it answered, in ms; null where it sent no `Date`. */
  readonly storeNowMs: number | null;
}

/** Streams the unfinished uploads page by page. */
export function listUploads(
  s3: S3Client,
  guard: Guard,
  { bucket, prefix }: Pick<ListRequest, 'bucket' | 'prefix'>,
): AsyncGenerator<UploadPage> {
  return readPages<UploadPage, Place>(
    guard,
    { target: { operation: 'list_uploads', bucket }, first: {} },
    async (place, options) => await fetchPage(s3, { Bucket: bucket, Prefix: prefix, ...place }, options),
  );
}

/** Aborts one upload and frees its parts. One that is gone already is done. */
export async function abortUpload(
  s3: S3Client,
  guard: Guard,
  { bucket, key, uploadId }: { readonly bucket: string; readonly key: string; readonly uploadId: string },
): Promise<void> {
  await runGuarded(guard, { operation: 'abort_upload', bucket, key }, async (requests) => {
    await requests.send(async ({ options }) => {
      try {
        await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }), options);
      } catch (error) {
        if (readFailedResponse(error).code !== 'NoSuchUpload') throw error;
      }
    });
  });
}

type Place = Pick<ListMultipartUploadsCommandInput, 'KeyMarker' | 'UploadIdMarker'>;

async function fetchPage(
  s3: S3Client,
  input: ListMultipartUploadsCommandInput,
  options: WatchedOptions,
): Promise<FetchedPage<UploadPage, Place>> {
  const command = new ListMultipartUploadsCommand({ ...input, EncodingType: 'url' });
  const storeClock = readStoreClock(command);
  const response = await s3.send(command, options);
  if (response.Bucket === undefined) throw new TransferFault('not_s3', 'the answer to the listing is not one of S3');
  const isEncoded = response.EncodingType === 'url';
  const uploads = (response.Uploads ?? []).map((upload) => parseUpload(upload, { isEncoded }));
  return { page: { uploads, storeNowMs: storeClock() }, next: readNext(response) };
}

type Entry = NonNullable<ListMultipartUploadsCommandOutput['Uploads']>[number];

function parseUpload({ Key, UploadId, Initiated }: Entry, { isEncoded }: { isEncoded: boolean }): UnfinishedUpload {
  if (Key === undefined || UploadId === undefined || Initiated === undefined) {
    throw new TransferFault('not_s3', 'a listed upload came without its key, its id or its time');
  }
  return { key: isEncoded ? decodeKey(Key) : Key, uploadId: UploadId, startedAtMs: Initiated.getTime() };
}

function readNext(response: ListMultipartUploadsCommandOutput): Place | null {
  const key = readNextKey(response);
  if (key === null) return null;
  const { NextUploadIdMarker = '' } = response;
  return { KeyMarker: key, ...(NextUploadIdMarker === '' ? {} : { UploadIdMarker: NextUploadIdMarker }) };
}
