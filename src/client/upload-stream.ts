import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type ChecksumType,
  CreateMultipartUploadCommand,
  type PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { abortUpload } from './abort-upload.ts';
import { assertAnsweredByS3 } from './answered-by-s3.ts';
import { completeUpload } from './complete-upload.ts';
import { readFields } from './fields.ts';
import type { Guard } from './guard.ts';
import { runGuarded } from './guarded-operation.ts';
import type { ObjectClient } from './object-client.ts';
import type { Attempt, RequestRunner } from './request-runner.ts';
import { sendWrite, type WriteTools } from './send-write.ts';
import { announceChecksum, checksumOf, promiseWhole, readChecksum } from './upload-checksum.ts';
import { describeExisting } from './upload-failure.ts';
import type { StreamUpload, UploadResult } from './upload-request.ts';

/**
 * Uploads a stream of unknown length as one guarded operation, in one request or in parts, whichever it comes to.
 * Parts are buffered, so every request can be tried again. A failed upload is aborted: what was read is gone.
 */
export async function uploadStream(s3: ObjectClient, guard: Guard, request: StreamUpload): Promise<UploadResult> {
  const { bucket, key, circuit, headers, checksum, ifNoneMatch, memory } = request;
  if (memory.staleId !== null) await abortUpload(s3, guard, { bucket, key, uploadId: memory.staleId });
  try {
    return await runGuarded(guard, { operation: 'put_object', bucket, key, circuit }, async (requests) => {
      const client = new GuardedSends({ s3, guard, requests, request });
      const upload = new Upload({
        client: client as unknown as S3Client,
        params: {
          Bucket: bucket,
          Key: key,
          Body: Readable.from(request.body),
          ...headers,
          ...announceChecksum(checksum),
          ...(ifNoneMatch ? { IfNoneMatch: '*' } : {}),
        },
        partSize: request.partSizeBytes,
        queueSize: request.partsInFlight,
      });
      const result = await upload.done();
      await memory.forget();
      return {
        etag: result.ETag ?? null,
        bytes: requests.bytesMoved,
        resumedBytes: 0,
        versionId: result.VersionId ?? null,
        checksum: client.isConfirmed ? checksum : null,
      };
    });
  } catch (error) {
    throw describeExisting(error, request);
  }
}

type UploadCommand =
  | PutObjectCommand
  | CreateMultipartUploadCommand
  | UploadPartCommand
  | CompleteMultipartUploadCommand
  | AbortMultipartUploadCommand;

interface SendsOptions {
  readonly s3: ObjectClient;
  readonly guard: Guard;
  readonly requests: RequestRunner;
  readonly request: StreamUpload;
}

/** What lib-storage takes for a client: it calls `send` and reads `config`, nothing else. Each send is guarded. */
class GuardedSends {
  readonly config: S3Client['config'];
  readonly #options: SendsOptions;
  readonly #partBytes = new Map<number, number>();
  #toldType: ChecksumType | null = null;
  /** The store has told the checksum of everything that was sent. */
  isConfirmed = true;

  constructor(options: SendsOptions) {
    this.config = options.s3.config;
    this.#options = options;
  }

  async send(command: UploadCommand): Promise<unknown> {
    const { s3, guard, requests, request } = this.#options;
    if (command instanceof AbortMultipartUploadCommand) {
      const { bucket, key, memory } = request;
      const isGone = await abortUpload(s3, guard, { bucket, key, uploadId: command.input.UploadId ?? '' });
      if (isGone) await memory.forget();
      return {};
    }
    if (command instanceof CompleteMultipartUploadCommand) return await this.#complete(command);
    if (command instanceof CreateMultipartUploadCommand) {
      const begun = await requests.send({ isDataBearing: false }, async ({ options }) => {
        const output = await s3.send(command, options);
        assertAnsweredByS3(output, 'UploadId');
        return output;
      });
      await this.#noteBegun(begun);
      return begun;
    }
    return await this.#sendBytes(command);
  }

  async #sendBytes(command: PutObjectCommand | UploadPartCommand): Promise<unknown> {
    const { s3, requests, request } = this.#options;
    const { Body: bytes } = command.input;
    if (!(bytes instanceof Uint8Array)) throw new Error('lib-storage gave a body that is not bytes');
    const sums = await checksumOf(request.checksum, bytes);
    const attempt = async ({ options }: Attempt): Promise<object> => {
      const output = await (command instanceof UploadPartCommand
        ? s3.uploadPart({ ...command.input, ...sums }, options)
        : s3.putObject({ ...command.input, ...sums }, options));
      assertAnsweredByS3(output, 'ETag');
      return output;
    };
    const answer =
      command instanceof UploadPartCommand
        ? await requests.send({ isDataBearing: true }, attempt)
        : await sendWrite(this.#tools(), attempt);
    this.#countBytes({ bytes, partNumber: readFields(command.input)['PartNumber'] }, answer);
    return answer;
  }

  async #noteBegun(answer: object): Promise<void> {
    const { ChecksumType, UploadId } = readFields(answer);
    this.#toldType = ChecksumType === 'FULL_OBJECT' ? ChecksumType : null;
    await this.#options.request.memory.save(String(UploadId));
  }

  async #complete({ input }: CompleteMultipartUploadCommand): Promise<unknown> {
    const { s3, requests, request } = this.#options;
    const { checksum, ifNoneMatch, bucket, key } = request;
    const parts = (input.MultipartUpload?.Parts ?? []).map((part) => ({
      checksum: readChecksum(checksum, part),
      sizeBytes: this.#partBytes.get(part.PartNumber ?? 0) ?? 0,
    }));
    const command = new CompleteMultipartUploadCommand({
      Bucket: bucket,
      Key: key,
      UploadId: input.UploadId,
      MultipartUpload: input.MultipartUpload,
      MpuObjectSize: requests.bytesMoved,
      ...promiseWhole(checksum, { told: this.#toldType, parts }),
      ...(ifNoneMatch ? { IfNoneMatch: '*' } : {}),
    });
    const { etag, versionId } = await completeUpload(s3, this.#tools(), command);
    return { ETag: etag ?? undefined, VersionId: versionId ?? undefined };
  }

  #tools(): WriteTools {
    const { guard, requests, request } = this.#options;
    const { bucket, key } = request;
    return { guard, requests, target: { operation: 'put_object', bucket, key } };
  }

  #countBytes(sent: { bytes: Uint8Array; partNumber: unknown }, answer: object): void {
    const { guard, requests, request } = this.#options;
    const { partNumber } = sent;
    const bytes = sent.bytes.byteLength;
    if (typeof partNumber === 'number') this.#partBytes.set(partNumber, bytes);
    this.isConfirmed &&= readChecksum(request.checksum, answer) !== null;
    requests.addBytes(bytes);
    guard.emit({ kind: 'bytes_moved', name: `s3://${request.bucket}/${request.key}`, bytes });
  }
}
