import {
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type GetObjectCommandInput,
  type GetObjectCommandOutput,
  type PutObjectCommandInput,
  type PutObjectCommandOutput,
  type S3ClientConfig,
  type UploadPartCommandInput,
} from '@aws-sdk/client-s3';
import type { WatchedOptions } from '../../http/http-handler.ts';
import { readTimesStrictly } from './strict-times.ts';

/** A response to GetObject: the fields that this program uses, and the body from the HTTP handler. */
export interface ObjectResponse {
  readonly head: GetObjectCommandOutput;
  readonly body: unknown;
}

/** The fields of a response to PutObject or UploadPart that this program uses. */
export type StoredResponse = Omit<PutObjectCommandOutput, '$metadata'>;

/** The SDK's client, with a method for each request that carries an object, so that `DirectClient` can override it. */
export class ObjectClient extends S3Client {
  constructor(config: S3ClientConfig) {
    super(config);
    readTimesStrictly(this);
  }

  async getObject(input: GetObjectCommandInput, options: WatchedOptions): Promise<ObjectResponse> {
    const head = await this.send(new GetObjectCommand(input), options);
    return { head, body: head.Body };
  }

  async putObject(input: PutObjectCommandInput, options: WatchedOptions): Promise<StoredResponse> {
    return await this.send(new PutObjectCommand(input), options);
  }

  async uploadPart(input: UploadPartCommandInput, options: WatchedOptions): Promise<StoredResponse> {
    return await this.send(new UploadPartCommand(input), options);
  }
}
