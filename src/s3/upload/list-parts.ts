import { ChecksumType, ListPartsCommand, type S3Client } from '@aws-sdk/client-s3';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import { readTruncation } from '../list/page-encoding.ts';
import { readHeadText, readListedSize, readPage, refusePage } from '../list/page-entries.ts';
import { PageProgress } from '../list/page-progress.ts';
import type { XmlEntry, XmlPage } from '../list/xml-entries.ts';
import { PARTS_MAX } from '../protocol/limits.ts';
import type { ChecksumChoice } from '../checksum/algorithms.ts';
import { namesGoneUpload } from './lost-upload.ts';
import { readChecksum } from '../checksum/upload-checksum.ts';

/** A part as reported by the store. */
export interface StoredPart {
  readonly etag: string;
  readonly sizeBytes: number;
  /** Base64; null if the store reports none. */
  readonly checksum: string | null;
}

export interface StoredParts {
  /** By part number; at most 10,000, S3's limit. */
  readonly parts: ReadonlyMap<number, StoredPart>;
  readonly checksumType: ChecksumType | null;
}

export interface ListPartsRequest {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly checksum: ChecksumChoice;
}

/**
 * The parts stored so far; null if the upload is gone (completed, aborted or expired). A store that sends the same pages
 * again and again ends the list: parts that are not in it are sent again.
 */
export async function listStoredParts(
  s3: S3Client,
  requests: RequestRunner,
  request: ListPartsRequest,
): Promise<StoredParts | null> {
  const parts = new Map<number, StoredPart>();
  const progress = new PageProgress('');
  let checksumType: ChecksumType | null = null;
  let marker: string | null = null;
  do {
    const page = await fetchPage(s3, requests, { ...request, marker });
    if (page === null) return null;
    checksumType = page.checksumType;
    for (const entry of page.entries) {
      const number = readPartNumber(entry);
      const part = readPart(entry, request.checksum);
      if (number !== null && part !== null) parts.set(number, part);
    }
    const first = page.entries[0]?.fields['PartNumber'] ?? null;
    marker = progress.take({ next: page.next, first }) === null ? page.next : null;
  } while (marker !== null);
  return { parts, checksumType };
}

function readPartNumber({ fields }: XmlEntry): number | null {
  const number = readListedSize(fields['PartNumber'] ?? '');
  return number !== null && number >= 1 && number <= PARTS_MAX ? number : null;
}

/** Null for a part that the store does not describe, and which is therefore sent again. */
function readPart({ fields }: XmlEntry, checksum: ChecksumChoice): StoredPart | null {
  const sizeBytes = readListedSize(fields['Size'] ?? '');
  return sizeBytes === null
    ? null
    : { etag: fields['ETag'] ?? '', sizeBytes, checksum: readChecksum(checksum, fields) };
}

function readChecksumType(page: XmlPage): ChecksumType | null {
  const text = readHeadText(page, 'ChecksumType');
  return Object.values(ChecksumType).find((type) => type === text) ?? null;
}

interface PartsPage extends Pick<StoredParts, 'checksumType'> {
  readonly entries: readonly XmlEntry[];
  /** The marker of the next page; null after the last. */
  readonly next: string | null;
}

const PARTS: ReadonlySet<string> = new Set(['Part']);

async function fetchPage(
  s3: S3Client,
  requests: RequestRunner,
  { bucket, key, uploadId, marker }: ListPartsRequest & { readonly marker: string | null },
): Promise<PartsPage | null> {
  try {
    return await requests.sendAuxiliary(async ({ options }) => {
      const PartNumberMarker = marker ?? undefined;
      const command = new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: uploadId, PartNumberMarker });
      const list = readPage(command, PARTS);
      await s3.send(command, options);
      const page = list();
      if (readHeadText(page, 'UploadId') === null) refusePage('the list of parts does not come from S3');
      // Without a flag, a marker means that there is more.
      const next = readTruncation(page) === false ? null : readHeadText(page, 'NextPartNumberMarker');
      return { entries: page.entries, checksumType: readChecksumType(page), next };
    });
  } catch (error) {
    if (error instanceof RetryChainFailed && namesGoneUpload(error.failure.code)) return null;
    throw error;
  }
}
