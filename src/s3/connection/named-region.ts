import { GetBucketLocationCommand, type S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { BucketPlaces } from './bucket-places.ts';
import { readFields } from '../../read-fields.ts';

/** A label of a host name, which a region becomes (RFC 1035, section 2.3.4). */
const REGION = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** How long the request after a refused HEAD may take, in ms. */
const ASK_TIMEOUT_MS = 5_000;

/**
 * The region that a client signs for: the configured one until the store names another. Stores do so when they refuse a
 * request that is signed for the wrong one: S3 at its regional hosts, OpenStack Swift everywhere. Such a request is sent
 * once more, and later requests use the named region at once.
 */
export class NamedRegion {
  readonly #configured: NonNullable<S3ClientConfig['region']>;
  readonly #places: BucketPlaces;
  #named: string | null = null;
  #asked: Promise<unknown> | null = null;

  /** @param configured @default the region of S3's redirects, us-east-1 */
  constructor(configured: S3ClientConfig['region'], places: BucketPlaces) {
    this.#configured = configured ?? 'us-east-1';
    this.#places = places;
  }

  /** The client's setting, or the region of the bucket that the running request is for. */
  readonly read = async (): Promise<string> => {
    const { region } = this.#places.current;
    if (region !== null) return region;
    if (this.#named !== null) return this.#named;
    return typeof this.#configured === 'string' ? this.#configured : await this.#configured();
  };

  /**
   * Takes the region from a refusal, if it names one.
   * @param sentTo the region that the refused request was signed for
   * @returns the region to send the request to again; null if that would not help
   */
  note(error: unknown, sentTo: string): string | null {
    const region = readNamedRegion(error);
    if (region === null || region === sentTo) return null;
    this.#named = region;
    return region;
  }

  /** Sends each command of a client again, once, if its refusal names another region. */
  follow(client: S3Client): void {
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (args) => {
          const sentTo = await this.read();
          try {
            return await next(args);
          } catch (error) {
            const isSilent = commandName === 'HeadObjectCommand' && readStatus(error) === 400;
            if (isSilent) await this.#ask(client, args.input);
            const region = isSilent ? await this.read() : this.note(error, sentTo);
            if (region === null || region === sentTo) throw error;
            return await next(args);
          }
        },
      { name: 'followNamedRegion', step: 'initialize' },
    );
  }

  /** The response to a HEAD names nothing, so one that is refused sends a request that would be refused in words. */
  async #ask(client: S3Client, input: object): Promise<void> {
    const { Bucket: bucket } = readFields(input);
    if (typeof bucket !== 'string') return;
    const command = new GetBucketLocationCommand({ Bucket: bucket });
    // Once for all that are refused at the same time, and for those after them.
    this.#asked ??= client.send(command, { abortSignal: AbortSignal.timeout(ASK_TIMEOUT_MS) }).catch(() => null);
    await this.#asked;
  }
}

/** The region in the body of a refusal (S3 API Reference, "Error responses", AuthorizationHeaderMalformed); or null. */
function readNamedRegion(error: unknown): string | null {
  const { name, Code: code = name, Region: region } = readFields(error);
  if (code !== 'AuthorizationHeaderMalformed' || readStatus(error) !== 400) return null;
  return typeof region === 'string' && REGION.test(region) ? region : null;
}

function readStatus(error: unknown): unknown {
  return readFields(readFields(error)['$metadata'])['httpStatusCode'];
}
