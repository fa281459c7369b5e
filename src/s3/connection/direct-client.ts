import {
  GetObject$,
  PutObject$,
  S3Client,
  UploadPart$,
  type GetObjectCommandInput,
  type PutObjectCommandInput,
  type S3ClientConfig,
  type UploadPartCommandInput,
} from '@aws-sdk/client-s3';
import { HttpResponse, type HttpRequest } from '@smithy/core/protocols';
import { isThrottlingError } from '@smithy/core/retry';
import { operation } from '@smithy/core/schema';
import type { BoundedRateLimiter } from './rate-limiter.ts';
import { readFields } from '../../read-fields.ts';
import {
  readObjectResponse,
  readStoredResponse,
  readWhole,
  saysError,
  type ObjectResponse,
  type StoredResponse,
} from './direct-response.ts';
import { findRoute, type ObjectRoute } from './bucket-route.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';

const GET = describe(GetObject$);
const PUT = describe(PutObject$);
const PART = describe(UploadPart$);

/** The part of the SDK's protocol that is used here. */
interface Protocol {
  readonly serializeRequest: (
    kind: Operation,
    input: ObjectInput,
    context: { readonly endpoint: () => Promise<ObjectRoute['endpoint']> },
  ) => Promise<HttpRequest>;
  readonly deserializeResponse: (
    kind: Operation,
    config: S3Client['config'],
    response: HttpResponse,
  ) => Promise<unknown>;
}

/**
 * The SDK's client, with a fast path for the requests that carry objects. For each request `send` computes again what is
 * the same for a whole bucket (endpoint, credentials, signer, the order of two dozen steps), which takes more time than a
 * small object does. The fast path asks the SDK once for each bucket. Serialization, signature, HTTP handler and errors
 * remain the SDK's.
 */
export class ObjectClient extends S3Client {
  readonly #limiter: BoundedRateLimiter | null;
  readonly #protocol: Protocol;
  readonly #routes = new Map<string, Promise<ObjectRoute>>();
  #userAgent: Promise<string> | null = null;

  /** @param limiter the rate limiter that `send` uses too; null for none */
  constructor(config: S3ClientConfig, limiter: BoundedRateLimiter | null) {
    super(config);
    this.#limiter = limiter;
    // The client has resolved it by now; the declared type also allows what it is made from.
    this.#protocol = this.config.protocol as unknown as Protocol;
  }

  async getObject(input: GetObjectCommandInput, options: WatchedOptions): Promise<ObjectResponse> {
    return readObjectResponse(await this.#send(GET, input, options));
  }

  async putObject(input: PutObjectCommandInput, options: WatchedOptions): Promise<StoredResponse> {
    return readStoredResponse(await this.#send(PUT, input, options));
  }

  async uploadPart(input: UploadPartCommandInput, options: WatchedOptions): Promise<StoredResponse> {
    return readStoredResponse(await this.#send(PART, input, options));
  }

  async #send(kind: Operation, input: ObjectInput, options: WatchedOptions): Promise<HttpResponse> {
    const { Bucket: bucket = '' } = input;
    try {
      return await this.#sendOnce(kind, input, options);
    } catch (error) {
      const region = this.config.followRegionRedirects ? readRegion(error) : null;
      if (region === null) throw error;
      // The region is remembered, so that only one request of a bucket goes to the wrong one.
      this.#routes.set(bucket, findRoute(this, { bucket, region }));
      return await this.#sendOnce(kind, input, options);
    }
  }

  async #sendOnce(kind: Operation, input: ObjectInput, options: WatchedOptions): Promise<HttpResponse> {
    const { requestHandler } = this.config;
    const { endpoint, sign } = await this.#routeTo(input.Bucket ?? '');
    const request = await this.#serialize(kind, input, endpoint);
    await this.#limiter?.getSendToken(options.abortSignal);
    const skew = await sign(request);
    try {
      const { response } = await requestHandler.handle(request, { ...options, isDirect: true });
      if (kind !== GET && response.statusCode < 300) {
        const body = await readWhole(response.body);
        if (saysError(body))
          throw await this.#readError(kind, new HttpResponse({ ...response, statusCode: 503, body }));
      }
      if (response.statusCode >= 300) throw await this.#readError(kind, response);
      skew.noteResponse(response);
      this.#limiter?.updateClientSendingRate({});
      return response;
    } catch (error) {
      if (error instanceof Error) skew.noteError(error);
      this.#limiter?.updateClientSendingRate(saysThrottled(error) ? { errorType: 'THROTTLING' } : {});
      throw error;
    }
  }

  async #routeTo(bucket: string): Promise<ObjectRoute> {
    const known = this.#routes.get(bucket);
    if (known !== undefined) return await known;
    const route = findRoute(this, { bucket, region: null });
    this.#routes.set(bucket, route);
    // After a failure the next request asks again.
    route.catch(() => this.#routes.delete(bucket));
    return await route;
  }

  async #serialize(kind: Operation, input: ObjectInput, endpoint: ObjectRoute['endpoint']): Promise<HttpRequest> {
    const request = await this.#protocol.serializeRequest(kind, input, {
      endpoint: async () => await Promise.resolve(endpoint),
    });
    const { hostname, port, headers, body } = request;
    headers['host'] = port === undefined ? hostname : `${hostname}:${port}`;
    headers['user-agent'] = await (this.#userAgent ??= this.#describeAgent());
    if (body instanceof Uint8Array) {
      headers['content-length'] = String(body.byteLength);
      leaveUnsigned(request);
    }
    return request;
  }

  /** The SDK's error for a response that reports one, the same that `send` throws. */
  async #readError(kind: Operation, response: HttpResponse): Promise<unknown> {
    try {
      await this.#protocol.deserializeResponse(kind, this.config, response);
    } catch (error) {
      if (!(error instanceof Error)) return error;
      Object.defineProperty(error, '$response', { value: response });
      // A body that is cut off or not XML still came with a status, which says what kind of failure it is.
      const $metadata = { httpStatusCode: response.statusCode, requestId: response.headers['x-amz-request-id'] };
      return '$metadata' in error ? error : Object.assign(error, { $metadata });
    }
    return new Error(`the SDK takes status ${response.statusCode} for no error`);
  }

  async #describeAgent(): Promise<string> {
    const agent = await this.config.defaultUserAgentProvider();
    return agent.map(([name, version]) => (version === undefined ? name : `${name}/${version}`)).join(' ');
  }
}

type ObjectInput = GetObjectCommandInput | PutObjectCommandInput | UploadPartCommandInput;
type Operation = ReturnType<typeof operation>;

function describe([, namespace, name, traits, input, output]: typeof GetObject$): Operation {
  return operation(namespace, name, traits, input, output);
}

/**
 * Leaves the hash of the body out of the signature where TLS protects the body and its checksum is a signed header: the
 * SHA-256 takes more time than everything else together (measured: 675 against 1049 MiB/s). Over plain HTTP it stays in.
 */
function leaveUnsigned({ protocol, headers }: HttpRequest): void {
  const hasChecksum = Object.keys(headers).some((name) => name.startsWith('x-amz-checksum-'));
  if (protocol === 'https:' && hasChecksum) headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
}

function saysThrottled(error: unknown): boolean {
  const { name, message, $metadata } = readFields(error);
  return isThrottlingError({ name: String(name), message: String(message), $metadata: readFields($metadata) });
}

/** The region that S3 names with a redirect; null where it names none. */
function readRegion(error: unknown): string | null {
  const { $metadata, $response } = readFields(error);
  if (readFields($metadata)['httpStatusCode'] !== 301) return null;
  const region = readFields(readFields($response)['headers'])['x-amz-bucket-region'];
  return typeof region === 'string' ? region : null;
}
