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
import { HttpRequest } from '@smithy/core/protocols';
import type { WatchedOptions } from '../../http/http-handler.ts';
import { createRequestShape, PLAIN_ACCESS, type CustomerKey, type ObjectAccess } from './request-shape.ts';
import { BucketPlaces } from './bucket-places.ts';
import { NamedRegion } from './named-region.ts';
import { CredentialRenewal } from './renew-credentials.ts';
import { readTimesStrictly } from './strict-times.ts';

/** A response to GetObject: the fields that this program uses, and the body from the HTTP handler. */
export interface ObjectResponse {
  readonly head: GetObjectCommandOutput;
  /** A `Uint8Array` that belongs to the caller (`WatchedOptions.wholeBytesMax`), or a stream. */
  readonly body: unknown;
}

/** The fields of a response to PutObject or UploadPart that this program uses. */
export type StoredResponse = Omit<PutObjectCommandOutput, '$metadata'>;

/** The SDK's client, with a method for each request that carries an object, so that `DirectClient` can override it. */
export class ObjectClient extends S3Client {
  protected readonly renewal = new CredentialRenewal(() => this.config.credentials);

  protected readonly signedFor: NamedRegion;

  protected readonly places: BucketPlaces;

  /** Encrypts objects; null for none. */
  readonly customerKey: CustomerKey | null;

  /** Completes each request, before it is signed. */
  protected readonly shape: ReturnType<typeof createRequestShape>;

  /** @param access @default no key, no agreement to pay, and all checksums */
  constructor(config: S3ClientConfig, access: ObjectAccess = PLAIN_ACCESS) {
    const places = new BucketPlaces({ follows: config.followRegionRedirects === true });
    const region = new NamedRegion(config.region, places);
    // The SDK follows 301 only, and changes the region of all requests for as long as one takes.
    super({ ...config, region: region.read, followRegionRedirects: false });
    this.signedFor = region;
    this.places = places;
    this.#placeArns();
    region.follow(this);
    places.follow(this, region.read);
    readTimesStrictly(this);
    this.customerKey = access.customerKey;
    this.shape = createRequestShape(access);
    this.#shapeRequests();
    const { renewal } = this;
    this.middlewareStack.add(
      (next) => async (args) => {
        const { generation } = renewal;
        try {
          return await next(args);
        } catch (error) {
          await renewal.noteError(error, generation);
          throw error;
        }
      },
      { name: 'renewCredentials', step: 'initialize' },
    );
  }

  /** An ARN has no form for the path, which an endpoint of the user otherwise needs. */
  #placeArns(): void {
    const { places } = this;
    const { forcePathStyle } = this.config;
    Object.defineProperty(this.config, 'forcePathStyle', {
      enumerable: true,
      get: () => forcePathStyle && !places.current.isArn,
    });
  }

  #shapeRequests(): void {
    this.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (args) => {
          if (HttpRequest.isInstance(args.request)) this.shape(commandName.replace(/Command$/, ''), args.request);
          return await next(args);
        },
      // After the checksum of the body, and before the signature.
      { name: 'shapeRequest', step: 'build', priority: 'low' },
    );
  }

  async getObject(input: GetObjectCommandInput, options: WatchedOptions): Promise<ObjectResponse> {
    // The SDK expects a stream.
    const streamed: WatchedOptions = { ...options, wholeBytesMax: 0 };
    const head = await this.send(new GetObjectCommand(input), streamed);
    return { head, body: head.Body };
  }

  async putObject(input: PutObjectCommandInput, options: WatchedOptions): Promise<StoredResponse> {
    return await this.send(new PutObjectCommand(input), options);
  }

  async uploadPart(input: UploadPartCommandInput, options: WatchedOptions): Promise<StoredResponse> {
    return await this.send(new UploadPartCommand(input), options);
  }
}
