import { type ChecksumType, ListPartsCommand, type ListPartsCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
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

/** The parts stored so far; null if the upload is gone (completed, aborted or expired). */
export async function listStoredParts(
  s3: S3Client,
  requests: RequestRunner,
  request: ListPartsRequest,
): Promise<StoredParts | null> {
  const parts = new Map<number, StoredPart>();
  let checksumType: ChecksumType | null = null;
  let marker: string | undefined;
  do {
    const page = await fetchPage(s3, requests, { ...request, marker });
    if (page === null) return null;
    checksumType = page.ChecksumType ?? null;
    for (const part of page.Parts ?? []) {
      const { PartNumber = 0, ETag = '', Size = 0 } = part;
      parts.set(PartNumber, { etag: ETag, sizeBytes: Size, checksum: readChecksum(request.checksum, part) });
    }
    marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (marker !== undefined);
  return { parts, checksumType };
}

async function fetchPage(
  s3: S3Client,
  requests: RequestRunner,
  { bucket, key, uploadId, marker }: ListPartsRequest & { readonly marker: string | undefined },
): Promise<ListPartsCommandOutput | null> {
  try {
    return await requests.sendAuxiliary(async ({ options }) => {
      const command = new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: uploadId, PartNumberMarker: marker });
      const output = await s3.send(command, options);
      if (output.UploadId === undefined) throw new TransferFault('not_s3', 'the list of parts does not come from S3');
      return output;
    });
  } catch (error) {
    if (error instanceof RetryChainFailed && namesGoneUpload(error.failure.code)) return null;
    throw error;
  }
}
