import { ListBucketsCommand, ListObjectsV2Command, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { RequestWatch, type RequestTimeouts } from '../../http/request-watch.ts';
import { WatchedHttpHandler } from '../../http/http-handler.ts';
import { BreakwaterError } from '../../errors.ts';
import { readFields } from '../../read-fields.ts';
import { classify, type Classification } from '../../retry/classify.ts';
import { parseHttpTime } from '../../wire-time.ts';
import { collectBody } from './collect-body.ts';
import { findCredentials, type CredentialContext, type Identity } from './credentials.ts';
import type { S3Settings } from './connect.ts';
import { ObjectClient } from './object-client.ts';
import { createSha256 } from './sha256.ts';

/** How a store has answered one request. */
export interface StoreAnswer {
  /** Null if no response arrived. */
  readonly head: {
    readonly httpStatus: number;
    /** From the begin of the connection to the head of the response, in ms. */
    readonly tookMs: number;
    /** The store's clock; null if it sent no `Date`. */
    readonly storeNowMs: number | null;
    /** Our clock at that moment, in ms. */
    readonly nowMs: number;
    readonly server: string | null;
    /** It has the marks of S3: a request id, or an error of S3. */
    readonly isFromS3: boolean;
  } | null;
  /** Null if the request succeeded. */
  readonly failure: Classification | null;
  /** The failure if it is one of our own, such as of a setting, with its hint. @default none */
  readonly problem?: BreakwaterError;
}

export interface StoreQuerySettings extends S3Settings, RequestTimeouts {}

/** Not a secret: requests with it are not signed. */
const NOBODY: Identity = { accessKeyId: 'nobody', secretAccessKey: 'nobody' };

/**
 * Asks a store with single requests, outside of retries, circuits and metrics, to find out whether it can be used.
 */
export class StoreQuery implements Disposable {
  readonly #settings: StoreQuerySettings;
  readonly #context: CredentialContext;
  readonly #handler: WatchedHttpHandler;

  constructor(settings: StoreQuerySettings, context: CredentialContext) {
    this.#settings = settings;
    this.#context = context;
    this.#handler = new WatchedHttpHandler(settings, context.clock);
  }

  /** @throws BreakwaterError `config` if there are none; the signal's reason */
  async findIdentity(): Promise<Identity> {
    return await findCredentials(this.#settings, this.#context, this.#handler)();
  }

  /** Asks for the list of buckets without a signature. Stores refuse that, and so show that they are there. */
  async askUnsigned(): Promise<StoreAnswer> {
    const config = this.#configure(NOBODY);
    const client = new S3Client({ ...config, signer: { sign: async (request) => await Promise.resolve(request) } });
    return await this.#send(client, null);
  }

  /** Asks for one key of a bucket, or for the list of buckets if it is null. */
  async askSigned(
    identity: Identity,
    place: { readonly bucket: string; readonly prefix: string } | null,
  ): Promise<StoreAnswer> {
    return await this.#send(new ObjectClient(this.#configure(identity), this.#settings.access), place);
  }

  [Symbol.dispose](): void {
    this.#handler.destroy();
  }

  #configure(credentials: Identity): S3ClientConfig {
    const { region, endpointUrl, pathStyle } = this.#settings;
    return {
      region: region ?? 'us-east-1',
      ...(endpointUrl === null ? {} : { endpoint: endpointUrl }),
      forcePathStyle: pathStyle ?? endpointUrl !== null,
      followRegionRedirects: endpointUrl === null,
      useArnRegion: true,
      maxAttempts: 1,
      requestHandler: this.#handler,
      credentials,
      sha256: createSha256(),
      streamCollector: collectBody,
    };
  }

  async #send(
    client: S3Client,
    place: { readonly bucket: string; readonly prefix: string } | null,
  ): Promise<StoreAnswer> {
    const { clock, signal } = this.#context;
    const heads: Head[] = [];
    noteHeads(client, clock, heads);
    const options = { abortSignal: signal, watch: new RequestWatch(clock, this.#settings) };
    try {
      const output =
        place === null
          ? await client.send(new ListBucketsCommand({}), options)
          : await client.send(
              new ListObjectsV2Command({ Bucket: place.bucket, Prefix: place.prefix, MaxKeys: 1 }),
              options,
            );
      const { Owner: owner, Buckets: buckets, Name: name } = readFields(output);
      return answer(heads, { failure: null, isOfS3: [owner, buckets, name].some((field) => field !== undefined) });
    } catch (error) {
      const failure = classify(error);
      // Ours are in snake_case.
      const answered = answer(heads, { failure, isOfS3: /^[A-Z][A-Za-z]+$/.test(failure.code) });
      return error instanceof BreakwaterError ? { ...answered, problem: error } : answered;
    }
  }
}

type Head = Omit<NonNullable<StoreAnswer['head']>, 'isFromS3'> & { readonly hasRequestId: boolean };

function answer(
  heads: readonly Head[],
  { failure, isOfS3 }: { readonly failure: Classification | null; readonly isOfS3: boolean },
): StoreAnswer {
  // The last one, because redirects are followed.
  const last = heads.at(-1);
  if (last === undefined) return { head: null, failure };
  const { hasRequestId, ...head } = last;
  return { head: { ...head, isFromS3: hasRequestId || isOfS3 }, failure };
}

/** Notes the head of every response, which the SDK returns in part only, and of an unreadable one not at all. */
function noteHeads(client: S3Client, clock: CredentialContext['clock'], heads: Head[]): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const startedAtMs = clock.monotonic();
      const result = await next(args);
      const { statusCode, headers: given } = readFields(result.response);
      const headers = readFields(given);
      const { date, server } = headers;
      heads.push({
        httpStatus: Number(statusCode),
        tookMs: clock.monotonic() - startedAtMs,
        storeNowMs: typeof date === 'string' ? parseHttpTime(date) : null,
        nowMs: clock.now(),
        server: typeof server === 'string' ? server : null,
        hasRequestId: ['x-amz-request-id', 'x-amz-id-2'].some((name) => typeof headers[name] === 'string'),
      });
      return result;
    },
    { step: 'deserialize', name: 'noteHeads', priority: 'low' },
  );
}
