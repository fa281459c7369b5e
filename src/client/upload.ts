import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  type UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { EventSink } from '../events.ts';
import { TransferFault } from '../retry/fault.ts';
import { composeEtag, isAlreadyCompleted, partEtagsOf } from './complete-upload.ts';
import { readFields } from './fields.ts';
import type { Guard } from './guard.ts';
import { runGuarded } from './guarded-operation.ts';
import { RequestWatch } from './request-watch.ts';
import type { Attempt, RequestRunner } from './request-runner.ts';
import type { WatchedOptions } from './watched-http.ts';

/** How long the clean-up of a failed upload may take, in ms (circuit.md: at most 5 s, never hides the first error). */
const ABORT_TIMEOUT_MS = 5_000;

export interface UploadRequest {
  readonly bucket: string;
  readonly key: string;
  /** Full name of the circuit that guards it. */
  readonly circuit: string;
  /** Read once, from its start; an error it throws ends the upload as that error. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Bytes to come, or null where nobody knows. */
  readonly sizeBytes: number | null;
  /** 5 MiB to 5 GiB; the last part may be shorter. */
  readonly partSizeBytes: number;
  /** Parts in flight; memory is this times the part size. */
  readonly partsInFlight: number;
  readonly headers: UploadHeaders;
}

/** What is stored with the object. */
export type UploadHeaders = Pick<PutObjectCommandInput, 'ContentType' | 'Metadata' | 'CacheControl'>;

export interface UploadResult {
  readonly etag: string | null;
  readonly bytes: number;
  readonly versionId: string | null;
}

/**
 * Uploads one object as one guarded operation, in one request or in parts, whichever its size asks for.
 * Parts are buffered, so every request can be tried again whatever the source. A failed upload is aborted.
 */
export async function uploadObject(s3: S3Client, guard: Guard, request: UploadRequest): Promise<UploadResult> {
  const { bucket, key, circuit } = request;
  return await runGuarded(guard, { operation: 'put_object', bucket, key, circuit }, async (requests) => {
    const upload = new Upload({
      client: new GuardedSends(s3, guard, requests) as unknown as S3Client,
      params: { Bucket: bucket, Key: key, Body: Readable.from(request.body), ...request.headers },
      partSize: request.partSizeBytes,
      queueSize: request.partsInFlight,
    });
    const result = await upload.done();
    return { etag: result.ETag ?? null, bytes: requests.bytesMoved, versionId: result.VersionId ?? null };
  });
}

type UploadCommand =
  | PutObjectCommand
  | CreateMultipartUploadCommand
  | UploadPartCommand
  | CompleteMultipartUploadCommand
  | AbortMultipartUploadCommand;

/** What lib-storage takes for a client: it calls `send` and reads `config`, nothing else. Each send is guarded. */
class GuardedSends {
  readonly config: S3Client['config'];
  readonly #s3: S3Client;
  readonly #guard: Guard;
  readonly #requests: RequestRunner;

  constructor(s3: S3Client, guard: Guard, requests: RequestRunner) {
    this.#s3 = s3;
    this.config = s3.config;
    this.#guard = guard;
    this.#requests = requests;
  }

  async send(command: UploadCommand): Promise<unknown> {
    if (command instanceof AbortMultipartUploadCommand) return await this.#abortUpload(command);
    if (command instanceof CompleteMultipartUploadCommand) return await this.#complete(command);
    const isDataBearing = !(command instanceof CreateMultipartUploadCommand);
    const answer = await this.#requests.send({ isDataBearing }, async ({ options }) => {
      // Each overload of `send` takes one command type; the union is one of them.
      const output: unknown = await this.#s3.send(command as PutObjectCommand, options);
      assertAnsweredByS3(output, isDataBearing ? 'ETag' : 'UploadId');
      return output;
    });
    if (isDataBearing) this.#countBytes(command);
    return answer;
  }

  async #complete(command: CompleteMultipartUploadCommand): Promise<unknown> {
    return await this.#requests.send({ isDataBearing: true }, async ({ number, options }: Attempt) => {
      try {
        const output = await this.#s3.send(command, options);
        // Ceph leaves the ETag of a first answer empty, but always names the object.
        assertAnsweredByS3(output, 'Key');
        return output.ETag === '' ? { ...output, ETag: composeEtag(partEtagsOf(command)) } : output;
      } catch (error) {
        const etag = number === 1 ? null : await isAlreadyCompleted(this.#s3, { error, command, options });
        if (etag === null) throw error;
        return { ETag: etag };
      }
    });
  }

  #countBytes(command: UploadCommand): void {
    const { Body } = readFields(command.input);
    const bytes = Body instanceof Uint8Array ? Body.byteLength : 0;
    this.#requests.addBytes(bytes);
    const { Bucket = '', Key = '' } = command.input;
    this.#guard.emit({ kind: 'bytes_moved', name: `s3://${Bucket}/${Key}`, bytes });
  }

  /** Clean-up: outside circuit, retries and the user's signal, bounded, and never the error that is reported. */
  async #abortUpload(command: AbortMultipartUploadCommand): Promise<unknown> {
    const { clock, settings, emit } = this.#guard;
    const timeout = new AbortController();
    void clock.sleep(ABORT_TIMEOUT_MS, timeout.signal).then(
      () => timeout.abort(),
      () => undefined,
    );
    try {
      const options: WatchedOptions = { abortSignal: timeout.signal, watch: new RequestWatch(clock, settings) };
      return await this.#s3.send(command, options);
    } catch (error) {
      warnOfLeftover(emit, command, error);
      return {};
    } finally {
      timeout.abort();
    }
  }
}

function warnOfLeftover(emit: EventSink, { input }: AbortMultipartUploadCommand, error: unknown): void {
  const why = error instanceof Error ? error.message : String(error);
  emit({
    kind: 'warning',
    reason: 'upload_not_aborted',
    message: `parts of s3://${input.Bucket}/${input.Key} may be left behind: upload ${input.UploadId} could not be aborted (${why})`,
  });
}

/** A proxy's page can come with status 200; S3's own answer to a write always names this field. */
export function assertAnsweredByS3(output: unknown, field: string): void {
  const value = readFields(output)[field];
  if (typeof value === 'string' && value !== '') return;
  throw new TransferFault('not_s3', `the answer has no ${field}: it does not come from S3`);
}
