import {
  type ChecksumType,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
} from '@aws-sdk/client-s3';
import { readFailedResponse } from '../../retry/read-failure.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';
import type { ChecksumChoice } from '../checksum/algorithms.ts';
import { composeEtag, unquote } from '../checksum/etag.ts';
import { headIfAllowed } from '../protocol/head-object.ts';
import { assertSentByS3 } from '../protocol/response-fields.ts';
import { assertEncrypted } from './assert-encrypted.ts';
import { assertWholeSent, keepHeaderSums } from './completed-checksum.ts';
import { createCondition, sendWrite, type WriteTools } from './create-only.ts';
import type { Guard } from '../../guard/guard.ts';
import type { StoredPart } from './list-parts.ts';
import { namesGoneUpload } from './lost-upload.ts';
import type { ObjectClient } from '../connection/object-client.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import {
  announceChecksum,
  checksumOf,
  namePartChecksum,
  expectWhole,
  readChecksum,
} from '../checksum/upload-checksum.ts';
import type { SummedPart } from '../checksum/whole-checksum.ts';
import type { UploadResult, UploadTarget } from './upload-request.ts';
import { wrongPartFault } from './wrong-object.ts';

/** An upload in parts that exists in the store. */
export interface MultipartUpload {
  readonly uploadId: string;
  /** The type of checksum that the store will keep for the object; null if it names none. */
  readonly checksumType: ChecksumType | null;
}

/** A stored part and, if the bytes were sent or compared here with one, their checksum. */
export type SentPart = StoredPart & SummedPart;

export interface UploadChannel {
  readonly s3: ObjectClient;
  readonly guard: Guard;
  readonly requests: RequestRunner;
}

export interface CompletedObject {
  readonly etag: string | null;
  readonly versionId: string | null;
}

/**
 * Creates an upload in parts, with its retry chain.
 * @param onCreated called before anything is checked that could fail, because the upload exists by then
 */
export async function createUpload(
  { s3, requests }: UploadChannel,
  target: UploadTarget,
  onCreated: (upload: MultipartUpload) => Promise<void>,
): Promise<MultipartUpload> {
  const { bucket, key, headers, checksum } = target;
  const response = await requests.sendAuxiliary(async ({ options }) => {
    const input = { Bucket: bucket, Key: key, ...headers, ...announceChecksum(checksum) };
    const output = await s3.send(new CreateMultipartUploadCommand(input), options);
    assertSentByS3(output, 'UploadId');
    return output;
  });
  const upload = { uploadId: response.UploadId ?? '', checksumType: response.ChecksumType ?? null };
  await onCreated(upload);
  assertEncrypted(s3, target, response.SSECustomerAlgorithm);
  return upload;
}

/** Sends one part, with its retry chain. The bytes must not change until it ends. */
export async function sendPart(
  { s3, requests }: UploadChannel,
  { bucket, key, checksum }: UploadTarget,
  { uploadId, number, bytes }: { readonly uploadId: string; readonly number: number; readonly bytes: Uint8Array },
): Promise<SentPart> {
  const sent = await checksumOf(checksum, bytes);
  const computed = readChecksum(checksum, sent);
  const input = {
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
    PartNumber: number,
    Body: bytes,
    ...sent,
  };
  const response = await requests.send(async ({ options }) => {
    const output = await s3.uploadPart(input, options);
    assertSentByS3(output, 'ETag');
    const stated = readChecksum(checksum, output);
    if (stated !== null && stated !== computed) throw wrongPartFault(number, { algorithm: checksum, stated, computed });
    return { etag: output.ETag ?? '', checksum: stated };
  });
  requests.addBytes(bytes.byteLength);
  return { ...response, sizeBytes: bytes.byteLength, computed };
}

/**
 * Creates the object from its parts, given in order.
 * @returns `checksum` if the store confirmed it for every part
 */
export async function assembleParts(
  { s3, guard, requests }: UploadChannel,
  upload: UploadTarget,
  { uploadId, checksumType, parts }: MultipartUpload & { readonly parts: readonly SentPart[] },
): Promise<CompletedObject & Pick<UploadResult, 'checksum'>> {
  const { bucket, key, checksum } = upload;
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
    ...expectWhole(checksum, { checksumType, parts }),
    ...createCondition(upload),
  });
  const target = { operation: 'put_object', bucket, key } as const;
  const completed = await completeUpload(s3, { guard, requests, target }, { command, checksum, parts });
  return { ...completed, checksum: parts.every((part) => part.checksum !== null) ? checksum : null };
}

interface Completion {
  readonly command: CompleteMultipartUploadCommand;
  readonly checksum: ChecksumChoice;
  readonly parts: readonly SentPart[];
}

/**
 * Completes an upload in parts, with its retry chain. A 200 whose body is an error counts as a failure. If the response
 * is lost, a HEAD decides whether the object was created.
 */
async function completeUpload(
  s3: ObjectClient,
  tools: WriteTools,
  { command, checksum, parts }: Completion,
): Promise<CompletedObject> {
  const readHeaderSums = keepHeaderSums(command);
  return await sendWrite(tools, async ({ number, options, wrong }) => {
    try {
      const output = await s3.send(command, options);
      // Ceph leaves the ETag of the first response empty, but always names the object.
      assertSentByS3(output, 'Key');
      await assertWholeSent(checksum, { stated: [output, readHeaderSums()], parts });
      const etag = output.ETag === undefined || output.ETag === '' ? composeEtag(partEtagsOf(command)) : output.ETag;
      return { etag, versionId: output.VersionId ?? null };
    } catch (error) {
      const gone = readFailedResponse(error).httpStatus === 500 ? await findGone(s3, { command, options }) : null;
      const reason = gone ?? error;
      if (wrong !== null && mayBeDueToOurs(reason)) throw wrong;
      const mayBeDone = number > 1 || gone !== null;
      const etag = mayBeDone ? await findCompleted(s3, { error: reason, command, options }) : null;
      if (etag === null) throw reason;
      return { etag, versionId: null };
    }
  });
}

/**
 * Ceph 16 responds with 500 to the Complete of an upload that is gone, which is no outage: asks for the upload's parts.
 * @returns the store's refusal if the upload is gone; null if it is there, or that is unknown
 */
async function findGone(
  s3: ObjectClient,
  { command, options }: { command: CompleteMultipartUploadCommand; options: WatchedOptions },
): Promise<unknown> {
  const { Bucket, Key, UploadId } = command.input;
  try {
    await s3.send(new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: 1 }), options);
    return null;
  } catch (error) {
    return namesGoneUpload(readFailedResponse(error).code) ? error : null;
  }
}

/**
 * If the response to a Complete is lost, the next one fails although the object exists: because the upload is gone or,
 * under `--if-none-match`, with `PreconditionFailed`.
 * @returns the object's ETag if it proves that the object consists of our parts; otherwise null
 */
async function findCompleted(
  s3: ObjectClient,
  { error, command, options }: { error: unknown; command: CompleteMultipartUploadCommand; options: WatchedOptions },
): Promise<string | null> {
  if (!mayBeDueToOurs(error)) return null;
  const expected = composeEtag(partEtagsOf(command));
  if (expected === null) return null;
  const { Bucket: bucket = '', Key: key = '' } = command.input;
  const etag = (await headIfAllowed(s3, { bucket, key }, options))?.ETag ?? null;
  return etag !== null && unquote(etag) === unquote(expected) ? etag : null;
}

/** Whether a Complete may have failed because an earlier one has created the object. */
function mayBeDueToOurs(error: unknown): boolean {
  const { code } = readFailedResponse(error);
  return namesGoneUpload(code) || code === 'PreconditionFailed';
}

function partEtagsOf({ input }: CompleteMultipartUploadCommand): readonly string[] {
  return (input.MultipartUpload?.Parts ?? []).map((part) => part.ETag ?? '');
}
