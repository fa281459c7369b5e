import { type ChecksumType, CompleteMultipartUploadCommand, CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { assertAnsweredByS3 } from '../protocol/response-fields.ts';
import { type CompletedObject, completeUpload } from './complete-upload.ts';
import type { Guard } from '../../guard/guard.ts';
import type { StoredPart } from './list-parts.ts';
import type { ObjectClient } from '../connection/direct-client.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import {
  announceChecksum,
  checksumOf,
  namePartChecksum,
  promiseWhole,
  readChecksum,
} from '../checksum/upload-checksum.ts';
import type { UploadResult, UploadTarget } from './upload-request.ts';

/** An upload in parts that the store has begun. */
export interface BegunUpload {
  readonly uploadId: string;
  /** The checksum of the whole that the store says it will keep; null where it told of none. */
  readonly toldType: ChecksumType | null;
}

/** What the requests of one upload go through. */
export interface UploadChannel {
  readonly s3: ObjectClient;
  readonly guard: Guard;
  readonly requests: RequestRunner;
}

/** Begins an upload in parts, with its retry chain. */
export async function beginUpload({ s3, requests }: UploadChannel, target: UploadTarget): Promise<BegunUpload> {
  const { bucket, key, headers, checksum } = target;
  const answer = await requests.send({ isDataBearing: false }, async ({ options }) => {
    const input = { Bucket: bucket, Key: key, ...headers, ...announceChecksum(checksum) };
    const output = await s3.send(new CreateMultipartUploadCommand(input), options);
    assertAnsweredByS3(output, 'UploadId');
    return output;
  });
  return { uploadId: answer.UploadId ?? '', toldType: answer.ChecksumType ?? null };
}

/** Sends one part, with its retry chain. The bytes must stay as they are until it ends. */
export async function sendPart(
  { s3, requests }: UploadChannel,
  { bucket, key, checksum }: UploadTarget,
  { uploadId, number, bytes }: { readonly uploadId: string; readonly number: number; readonly bytes: Uint8Array },
): Promise<StoredPart> {
  const input = {
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
    PartNumber: number,
    Body: bytes,
    ...(await checksumOf(checksum, bytes)),
  };
  const answer = await requests.send({ isDataBearing: true }, async ({ options }) => {
    const output = await s3.uploadPart(input, options);
    assertAnsweredByS3(output, 'ETag');
    return output;
  });
  requests.addBytes(bytes.byteLength);
  return { etag: answer.ETag ?? '', sizeBytes: bytes.byteLength, checksum: readChecksum(checksum, answer) };
}

/**
 * Makes the object of its parts, which are in their order; see `completeUpload`.
 * @returns `checksum` where the store has confirmed that of every part
 */
export async function assembleParts(
  { s3, guard, requests }: UploadChannel,
  { bucket, key, checksum, ifNoneMatch }: UploadTarget,
  { uploadId, toldType, parts }: BegunUpload & { readonly parts: readonly StoredPart[] },
): Promise<CompletedObject & Pick<UploadResult, 'checksum'>> {
  const command = new CompleteMultipartUploadCommand({
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
    MultipartUpload: {
      Parts: parts.map((part, index) => ({
        PartNumber: index + 1,
        ETag: part.etag,
        ...namePartChecksum(checksum, part.checksum),
      })),
    },
    MpuObjectSize: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    ...promiseWhole(checksum, { told: toldType, parts }),
    ...(ifNoneMatch ? { IfNoneMatch: '*' } : {}),
  });
  const target = { operation: 'put_object', bucket, key } as const;
  const completed = await completeUpload(s3, { guard, requests, target }, command);
  return { ...completed, checksum: parts.every((part) => part.checksum !== null) ? checksum : null };
}
