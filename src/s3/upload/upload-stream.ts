import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import type { ObjectClient } from '../connection/object-client.ts';
import { refuseExisting, toExistsError } from './create-only.ts';
import { discardStale, discardUpload } from './discard-upload.ts';
import { assertStillOurs, toAbortedError } from './lost-upload.ts';
import {
  assembleParts,
  createUpload,
  sendPart,
  type MultipartUpload,
  type SentPart,
  type UploadChannel,
} from './multipart-requests.ts';
import { putWhole } from './put-object.ts';
import { StreamBody } from './stream-body.ts';
import type { StreamUpload, UploadResult } from './upload-request.ts';

/**
 * Uploads a stream of unknown length as one guarded operation. lib-storage cuts it into parts, or sends it in one
 * request if it fits into one part. Parts are buffered, so every request can be retried. After a failure the upload is
 * aborted, because the bytes read are gone and nothing can be resumed.
 */
export async function uploadStream(s3: ObjectClient, guard: Guard, request: StreamUpload): Promise<UploadResult> {
  const { bucket, key, resume } = request;
  await discardStale(s3, guard, request);
  const sending = new StreamSending(s3, guard, request);
  try {
    const target = { operation: 'put_object', bucket, key } as const;
    const result = await runGuarded(guard, target, (requests) => sending.run(requests));
    await resume.forget();
    return result;
  } catch (error) {
    throw await sending.onFailure(toExistsError(error, request));
  }
}

/** The requests that lib-storage makes. It does not abort uploads: `discard` does so after the verdict. */
type UploadCommand =
  | PutObjectCommand
  | CreateMultipartUploadCommand
  | UploadPartCommand
  | CompleteMultipartUploadCommand;

class StreamSending {
  readonly #s3: ObjectClient;
  readonly #guard: Guard;
  readonly #request: StreamUpload;
  readonly #parts: SentPart[] = [];
  /** Settled when the upload in parts exists or could not be created. */
  readonly #created = Promise.withResolvers<void>();
  #upload: MultipartUpload | null = null;
  #result: UploadResult | null = null;

  constructor(s3: ObjectClient, guard: Guard, request: StreamUpload) {
    this.#s3 = s3;
    this.#guard = guard;
    this.#request = request;
  }

  async run(requests: RequestRunner): Promise<UploadResult> {
    const { bucket, key, body: source, partSizeBytes, partsInFlight } = this.#request;
    const channel = { s3: this.#s3, guard: this.#guard, requests };
    const body = new StreamBody(source, { partSizeBytes, signal: requests.signal });
    const client = {
      config: this.#s3.config,
      send: (command: UploadCommand) => endOnFailure(requests, this.#send(channel, command, body)),
    };
    const upload = new Upload({
      // lib-storage uses only `send` and `config` of a client.
      client: client as unknown as S3Client,
      params: { Bucket: bucket, Key: key, Body: Readable.from(this.#read(requests, body)) },
      partSize: partSizeBytes,
      queueSize: partsInFlight,
      leavePartsOnError: true,
    });
    await upload.done();
    if (this.#result === null) throw new Error('lib-storage ended without creating an object');
    return this.#result;
  }

  /**
   * Removes the parts after a failure. If that fails, the upload id stays saved, so that the next run can remove them.
   * @returns the error to report
   */
  async onFailure(error: unknown): Promise<unknown> {
    const { bucket, key, resume } = this.#request;
    if (this.#upload === null || !resume.isOurs()) return error;
    const { uploadId } = this.#upload;
    if (await discardUpload(this.#s3, this.#guard, { bucket, key, uploadId })) await resume.forget();
    return toAbortedError(error, this.#request);
  }

  async *#read(requests: RequestRunner, body: StreamBody): AsyncGenerator<Buffer> {
    try {
      for await (const block of body.read()) {
        yield block;
        // If the stream failed during the creating request, its abort could leave the upload behind.
        if (body.readBytes > this.#request.partSizeBytes) await this.#created.promise;
      }
    } catch (error) {
      requests.stop(error);
      throw error;
    }
  }

  /** @returns the response fields that lib-storage uses */
  async #send(
    channel: UploadChannel,
    command: UploadCommand,
    body: StreamBody,
  ): Promise<{ UploadId?: string; ETag?: string }> {
    if (command instanceof CreateMultipartUploadCommand) return { UploadId: await this.#create(channel) };
    if (command instanceof UploadPartCommand) return { ETag: await this.#sendPart(channel, command, body) };
    this.#result =
      command instanceof CompleteMultipartUploadCommand
        ? await this.#complete(channel, body)
        : await putWhole(channel, this.#request, bytesOf(command));
    return {};
  }

  async #create(channel: UploadChannel): Promise<string> {
    try {
      await refuseExisting(channel.s3, channel.requests, this.#request);
      const { uploadId } = await createUpload(channel, this.#request, async (upload) => {
        this.#upload = upload;
        await this.#request.resume.save(upload.uploadId);
      });
      return uploadId;
    } finally {
      this.#created.resolve();
    }
  }

  async #sendPart(channel: UploadChannel, command: UploadPartCommand, body: StreamBody): Promise<string> {
    const { bucket, key } = this.#request;
    const { PartNumber: number = 0, UploadId: uploadId = '' } = command.input;
    const bytes = bytesOf(command);
    body.noteCreated(number, bytes);
    const part = await sendPart(channel, this.#request, { uploadId, number, bytes });
    body.noteSent(bytes);
    this.#parts[number - 1] = part;
    this.#guard.emit({ kind: 'bytes_moved', name: `s3://${bucket}/${key}`, bytes: part.sizeBytes });
    return part.etag;
  }

  async #complete(channel: UploadChannel, { readBytes }: StreamBody): Promise<UploadResult> {
    const bytes = this.#parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    // Memory is reused while lib-storage works, so make sure that the object is the whole stream.
    if (this.#upload === null || bytes !== readBytes) throw new Error(`${readBytes} bytes were read, ${bytes} sent`);
    assertStillOurs(this.#request.resume, this.#request);
    const stored = await assembleParts(channel, this.#request, { ...this.#upload, parts: this.#parts });
    return { ...stored, bytes, resumedBytes: 0 };
  }
}

/** The first failure ends all other requests and the wait for the stream, with the same error. */
async function endOnFailure<T>(requests: RequestRunner, sending: Promise<T>): Promise<T> {
  try {
    return await sending;
  } catch (error) {
    requests.stop(error);
    throw error;
  }
}

function bytesOf({ input: { Body: bytes } }: PutObjectCommand | UploadPartCommand): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  throw new TypeError('lib-storage sends a body that is not bytes');
}
