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
  readObjectAnswer,
  readStoredAnswer,
  readWhole,
  saysError,
  type ObjectAnswer,
  type StoredAnswer,
} from './direct-response.ts';
import { findRoute, type ObjectRoute } from './bucket-route.ts';
import { leaveUnsigned } from './unsigned-payload.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';

const GET = describe(GetObject$);
const PUT = describe(PutObject$);
const PART = describe(UploadPart$);

/** What the SDK's protocol does, once it is resolved; its declared type also has what it is made of. */
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
 * The SDK's client, with a shorter way for the requests that carry objects. `send` works out anew for each request what
 * is the same for all of a bucket (the endpoint, the credentials, the signer, the order of two dozen steps), which takes
 * more time than a small object does. Here that is asked of the SDK once for a bucket; what is then left of a request
 * is the SDK's too: its serialization, its signature, its HTTP handler, and its errors.
 */
export class ObjectClient extends S3Client {
  readonly #limiter: BoundedRateLimiter | null;
  readonly #protocol: Protocol;
  readonly #routes = new Map<string, Promise<ObjectRoute>>();
  #userAgent: Promise<string> | null = null;

  /** @param limiter the one of `send`; null for none */
  constructor(config: S3ClientConfig, limiter: BoundedRateLimiter | null) {
    super(config);
    this.#limiter = limiter;
    // It is made by now; its declared type is also that of what it is made by.
    this.#protocol = this.config.protocol as unknown as Protocol;
  }

  async getObject(input: GetObjectCommandInput, options: WatchedOptions): Promise<ObjectAnswer> {
    return readObjectAnswer(await this.#send(GET, input, options));
  }

  async putObject(input: PutObjectCommandInput, options: WatchedOptions): Promise<StoredAnswer> {
    return readStoredAnswer(await this.#send(PUT, input, options));
  }

  async uploadPart(input: UploadPartCommandInput, options: WatchedOptions): Promise<StoredAnswer> {
    return readStoredAnswer(await this.#send(PART, input, options));
  }

  async #send(kind: Operation, input: ObjectInput, options: WatchedOptions): Promise<HttpResponse> {
    const { Bucket: bucket = '' } = input;
    try {
      return await this.#sendOnce(kind, input, options);
    } catch (error) {
      const region = this.config.followRegionRedirects ? readRegion(error) : null;
      if (region === null) throw error;
      // Where the bucket is stays known: only one request of a bucket goes astray.
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
      skew.noteAnswer(response);
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
    // What could not be found out now is asked again for the next request.
    route.catch(() => this.#routes.delete(bucket));
    return await route;
  }

  async #serialize(kind: Operation, input: ObjectInput, endpoint: ObjectRoute['endpoint']): Promise<HttpRequest> {
    const request = await this.#protocol.serializeRequest(kind, input, {
      endpoint: async () => await Promise.resolve(endpoint),
    });
    const { hostname, port, protocol, headers, body } = request;
    headers['host'] = port === undefined ? hostname : `${hostname}:${port}`;
    headers['user-agent'] = await (this.#userAgent ??= this.#describeAgent());
    if (body instanceof Uint8Array) {
      headers['content-length'] = String(body.byteLength);
      leaveUnsigned({ protocol, headers });
    }
    return request;
  }

  /** The SDK's error for an answer that is one, as all other requests get it. */
  async #readError(kind: Operation, response: HttpResponse): Promise<unknown> {
    try {
      await this.#protocol.deserializeResponse(kind, this.config, response);
    } catch (error) {
      if (!(error instanceof Error)) return error;
      Object.defineProperty(error, '$response', { value: response });
      // What is no XML, or breaks off, is an answer all the same: its status says what kind of failure it is.
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
