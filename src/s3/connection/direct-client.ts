import {
  GetObject$,
  PutObject$,
  type S3Client,
  UploadPart$,
  type GetObjectCommandInput,
  type PutObjectCommandInput,
  type S3ClientConfig,
  type UploadPartCommandInput,
} from '@aws-sdk/client-s3';
import { HttpResponse, type HttpRequest } from '@smithy/core/protocols';
import { isThrottlingError } from '@smithy/core/retry';
import { operation } from '@smithy/core/schema';
import type { ObjectAccess } from './request-shape.ts';
import type { BucketPlace } from './bucket-places.ts';
import type { BoundedRateLimiter } from './rate-limiter.ts';
import { readFields } from '../../read-fields.ts';
import {
  isErrorBody,
  readObjectResponse,
  readStoredResponse,
  readWhole,
  RESPONSE_BYTES_MAX,
} from './direct-response.ts';
import { ObjectClient, type ObjectResponse, type StoredResponse } from './object-client.ts';
import { DateCheck } from './strict-times.ts';
import { findRoute, type ObjectRoute } from './bucket-route.ts';
import { systemClock } from '../../clock.ts';
import { KeptResults } from './kept-results.ts';
import { KnownCredentials } from './known-credentials.ts';
import { RequestTemplate, TEMPLATE_INPUT } from './plain-request.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';

const GET = toOperation(GetObject$);
const PUT = toOperation(PutObject$);
const PART = toOperation(UploadPart$);

/** The part of the SDK's protocol used here. */
interface Protocol {
  readonly serializeRequest: (
    kind: Operation,
    input: Partial<ObjectInput>,
    context: { readonly endpoint: () => Promise<ObjectRoute['endpoint']> },
  ) => Promise<HttpRequest>;
  readonly deserializeResponse: (
    kind: Operation,
    config: S3Client['config'],
    response: HttpResponse,
  ) => Promise<unknown>;
}

/**
 * The fast path for requests that carry objects. The SDK's `send` recomputes for each request the values that are the
 * same for the whole bucket (endpoint, credentials, signer, the order of two dozen steps), which takes longer than a
 * small object. This client asks the SDK once per bucket, and fills in its request for each object
 * (`RequestTemplate`); a request with a field that is unknown there, and every error, remain the SDK's. It casts into
 * non-public parts of the SDK. To remove it, delete it with `direct-response.ts` and `bucket-route.ts`, and its `if` in
 * `connect.ts`.
 */
export class DirectClient extends ObjectClient {
  readonly #limiter: BoundedRateLimiter | null;
  readonly #protocol: Protocol;
  readonly #routes = new KeptResults<ObjectRoute>();
  readonly #credentials: KnownCredentials;
  readonly #dates = new DateCheck();
  #userAgent: Promise<string> | null = null;

  /** @param limiter the one that `send` reports to; null for none */
  constructor(config: S3ClientConfig, limiter: BoundedRateLimiter | null, access?: ObjectAccess) {
    super(config, access);
    this.#limiter = limiter;
    this.#credentials = new KnownCredentials({
      provider: () => this.config.credentials,
      generation: () => this.renewal.generation,
      clock: systemClock,
    });
    // Resolved by the constructor; the declared type is that of the unresolved setting.
    this.#protocol = this.config.protocol as unknown as Protocol;
  }

  override async getObject(input: GetObjectCommandInput, options: WatchedOptions): Promise<ObjectResponse> {
    return readObjectResponse(await this.#send(GET, input, options));
  }

  override async putObject(input: PutObjectCommandInput, options: WatchedOptions): Promise<StoredResponse> {
    return readStoredResponse(await this.#send(PUT, input, { ...options, wholeBytesMax: RESPONSE_BYTES_MAX }));
  }

  override async uploadPart(input: UploadPartCommandInput, options: WatchedOptions): Promise<StoredResponse> {
    return readStoredResponse(await this.#send(PART, input, { ...options, wholeBytesMax: RESPONSE_BYTES_MAX }));
  }

  async #send(kind: Operation, input: ObjectInput, options: WatchedOptions): Promise<HttpResponse> {
    const { Bucket: bucket = '' } = input;
    const { requestHandler } = this.config;
    for (let mayFollow = true; ; mayFollow = false) {
      const route =
        this.#routes.get(bucket) ?? (await this.#routes.find(bucket, async () => await this.#findRoute(bucket)));
      const { sign, region: sentTo } = route;
      const template = route.templates.get(kind.name) ?? (await this.#findTemplate(kind, bucket, route));
      const request = this.#write(kind, input, template) ?? (await this.#serialize(kind, input, route));
      const { generation } = this.renewal;
      const signing = sign(request);
      const skew = signing instanceof Promise ? await signing : signing;
      try {
        const { response } = await requestHandler.handle(request, options);
        this.#dates.apply(response.headers);
        if (response.statusCode >= 300 || kind !== GET) await this.#throwIfFailed(kind, response);
        skew.noteResponse(response);
        this.#limiter?.updateClientSendingRate({});
        return response;
      } catch (error) {
        if (error instanceof Error) skew.noteError(error);
        this.#limiter?.updateClientSendingRate(isThrottled(error) ? { errorType: 'THROTTLING' } : {});
        const place = mayFollow ? this.#findPlace(error, { bucket, sentTo }) : null;
        if (place === null) {
          await this.renewal.noteError(error, generation);
          throw error;
        }
        // Kept, so that only the bucket's first request goes to the wrong region.
        await this.#routes.replace(bucket, async () => await this.#findRoute(bucket, place));
      }
    }
  }

  /** The bucket's place by a refusal; null if it names no region, or the same again. */
  #findPlace(
    error: unknown,
    { bucket, sentTo }: { readonly bucket: string; readonly sentTo: string },
  ): BucketPlace | null {
    if (this.places.note(error, { bucket, sentTo }) !== null) return this.places.of(bucket);
    const region = this.signedFor.note(error, sentTo);
    return region === null ? null : { ...this.places.of(bucket), region };
  }

  async #throwIfFailed(kind: Operation, response: HttpResponse): Promise<void> {
    if (response.statusCode >= 300) throw await this.#readError(kind, response);
    const body = await readWhole(response.body);
    if (!isErrorBody(body)) return;
    const { headers, reason = '' } = response;
    throw await this.#readError(kind, new HttpResponse({ statusCode: 503, reason, headers, body }));
  }

  async #findRoute(bucket: string, place = this.places.of(bucket)): Promise<ObjectRoute> {
    return await findRoute(this, { bucket, place, credentials: this.#credentials });
  }

  async #findTemplate(kind: Operation, bucket: string, route: ObjectRoute): Promise<RequestTemplate> {
    const input = { ...TEMPLATE_INPUT, Bucket: bucket };
    return await route.templates.find(
      kind.name,
      async () => new RequestTemplate(await this.#serialize(kind, input, route)),
    );
  }

  /** The request from the template of its bucket; null if only the SDK can write it. */
  #write(kind: Operation, input: ObjectInput, template: RequestTemplate): HttpRequest | null {
    const request = template.write(input);
    if (request !== null) this.#complete(kind, request);
    return request;
  }

  async #serialize(kind: Operation, input: Partial<ObjectInput>, { endpoint }: ObjectRoute): Promise<HttpRequest> {
    const request = await this.#protocol.serializeRequest(kind, input, {
      endpoint: async () => await Promise.resolve(endpoint),
    });
    const { hostname, port, headers } = request;
    headers['host'] = port === undefined ? hostname : `${hostname}:${port}`;
    headers['user-agent'] = await (this.#userAgent ??= this.#formatUserAgent());
    this.#complete(kind, request);
    return request;
  }

  #complete(kind: Operation, request: HttpRequest): void {
    this.shape(kind.name, request);
    const { headers, body } = request;
    if (!(body instanceof Uint8Array)) return;
    headers['content-length'] = String(body.byteLength);
    leaveUnsigned(request);
  }

  /** The SDK's error for a failed response, as thrown by `send`. */
  async #readError(kind: Operation, response: HttpResponse): Promise<unknown> {
    try {
      await this.#protocol.deserializeResponse(kind, this.config, response);
    } catch (error) {
      if (!(error instanceof Error)) return error;
      Object.defineProperty(error, '$response', { value: response });
      // The body may be cut off or not XML, but the status still classifies the failure.
      const $metadata = { httpStatusCode: response.statusCode, requestId: response.headers['x-amz-request-id'] };
      return '$metadata' in error ? error : Object.assign(error, { $metadata });
    }
    return new Error(`the SDK accepts status ${response.statusCode}`);
  }

  async #formatUserAgent(): Promise<string> {
    const agent = await this.config.defaultUserAgentProvider();
    // AWS_EXECUTION_ENV and the name of the system's release are in it; the SDK escapes them after this call, too.
    const words = agent.map(([name, version]) => (version === undefined ? name : `${name}/${version}`));
    return words.map((word) => word.replaceAll(/[^!-~]/g, '-')).join(' ');
  }
}

type ObjectInput = GetObjectCommandInput | PutObjectCommandInput | UploadPartCommandInput;
type Operation = ReturnType<typeof operation>;

function toOperation([, namespace, name, traits, input, output]: typeof GetObject$): Operation {
  return operation(namespace, name, traits, input, output);
}

/**
 * Leaves the hash of the body out of the signature if TLS protects the body and its checksum is a signed header: the
 * SHA-256 takes longer than everything else together (measured: 675 against 1049 MiB/s). Over plain HTTP it is signed.
 */
function leaveUnsigned({ protocol, headers }: HttpRequest): void {
  if (protocol !== 'https:') return;
  const hasChecksum = Object.keys(headers).some((name) => name.startsWith('x-amz-checksum-'));
  if (hasChecksum) headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
}

function isThrottled(error: unknown): boolean {
  const { name, message, $metadata } = readFields(error);
  return isThrottlingError({ name: String(name), message: String(message), $metadata: readFields($metadata) });
}
