import {
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  type ListMultipartUploadsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Guard } from '../../guard/guard.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { readStoreClock } from '../protocol/store-clock.ts';
import { readKey, readNextKey } from './page-entries.ts';
import { type FetchedPage, type ListRequest, readPages } from './read-pages.ts';

/** A multipart upload that was neither completed nor aborted. Its parts are stored and billed, but no listing of objects shows them. */
export interface UnfinishedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly startedAtMs: number;
}

export interface UploadPage {
  readonly uploads: readonly UnfinishedUpload[];
  /** The store's own clock at the time of the response, in ms; null where it sent no `Date`. */
  readonly storeNowMs: number | null;
}

/** Streams the unfinished uploads page by page. */
export function listUploads(
  s3: S3Client,
  guard: Guard,
  { bucket, prefix }: Pick<ListRequest, 'bucket' | 'prefix'>,
): AsyncGenerator<UploadPage> {
  const listing = { operation: 'list_uploads', request: { bucket, prefix }, first: {} } as const;
  return readPages<UploadPage, PageStart>(guard, listing, (input, options) => fetchPage(s3, input, options));
}

type PageStart = Pick<ListMultipartUploadsCommandInput, 'KeyMarker' | 'UploadIdMarker'>;

async function fetchPage(
  s3: S3Client,
  input: ListMultipartUploadsCommandInput,
  options: WatchedOptions,
): Promise<FetchedPage<UploadPage, PageStart>> {
  const command = new ListMultipartUploadsCommand(input);
  const storeClock = readStoreClock(command);
  const response = await s3.send(command, options);
  if (response.Bucket === undefined) {
    throw new TransferFault('not_s3', 'the response to the listing does not come from S3');
  }
  const uploads = (response.Uploads ?? []).map((upload) => parseUpload(upload, response.EncodingType));
  return { page: { uploads, storeNowMs: storeClock() }, next: readNext(response) };
}

type Entry = NonNullable<ListMultipartUploadsCommandOutput['Uploads']>[number];

function parseUpload({ Key, UploadId, Initiated }: Entry, encoding: string | undefined): UnfinishedUpload {
  if (Key === undefined || UploadId === undefined || Initiated === undefined) {
    throw new TransferFault('not_s3', 'a listed upload came without its key, its id or its time');
  }
  return { key: readKey(Key, encoding), uploadId: UploadId, startedAtMs: Initiated.getTime() };
}

function readNext(response: ListMultipartUploadsCommandOutput): PageStart | null {
  const key = readNextKey(response);
  if (key === null) return null;
  const { NextUploadIdMarker = '' } = response;
  return { KeyMarker: key, ...(NextUploadIdMarker === '' ? {} : { UploadIdMarker: NextUploadIdMarker }) };
}
