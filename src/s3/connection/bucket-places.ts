import { AsyncLocalStorage } from 'node:async_hooks';
import type { S3Client } from '@aws-sdk/client-s3';
import { readFields } from '../../read-fields.ts';

/** A label of a host name, which a region becomes (RFC 1035, section 2.3.4). */
const REGION = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** S3's regional hosts, with a dot or, as in its older redirects, with a hyphen. */
const REGIONAL_HOST = /(?:^|\.)s3[.-](?:dualstack\.)?([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/i;

/** How the requests to one bucket differ from what the client is set to. */
export interface BucketPlace {
  /** Null for the client's own. */
  readonly region: string | null;
  /** The name is the ARN of an access point, which has a host name of its own. */
  readonly isArn: boolean;
}

const USUAL: BucketPlace = { region: null, isArn: false };

/**
 * Where each bucket is: in the region of its ARN, or in the one that S3 has named when it redirected a request. S3 does so
 * with 301, and for hours after a bucket was created with 307 (S3 User Guide, "Making requests using the REST API",
 * "Request redirection"). Only the region is taken from a redirect, never a host: the name of the host is made by the SDK, so
 * that no response can lead credentials elsewhere.
 */
export class BucketPlaces {
  readonly #follows: boolean;
  readonly #redirected = new Map<string, string>();
  readonly #current = new AsyncLocalStorage<BucketPlace>();

  /** @param options `follows` false for an endpoint of the user, which is no region's */
  constructor({ follows }: { readonly follows: boolean }) {
    this.#follows = follows;
  }

  /** The place of the bucket that the running request is for. */
  get current(): BucketPlace {
    return this.#current.getStore() ?? USUAL;
  }

  of(bucket: string): BucketPlace {
    const isArn = bucket.startsWith('arn:');
    const region = this.#redirected.get(bucket) ?? (isArn ? (bucket.split(':')[3] ?? null) : null);
    return { region, isArn };
  }

  /**
   * Takes the region from a redirect, and remembers it for the bucket.
   * @param sentTo the region that the request was sent to
   * @returns null if the error is no redirect, or names no other region
   */
  note(error: unknown, { bucket, sentTo }: { readonly bucket: string; readonly sentTo: string }): string | null {
    const region = this.#follows ? readRedirect(error) : null;
    if (region === null || region === sentTo) return null;
    this.#redirected.set(bucket, region);
    return region;
  }

  /**
   * Sends each command of a client to the place of its bucket, and once more after a redirect.
   * @param usualRegion that of the client
   */
  follow(client: S3Client, usualRegion: () => Promise<string>): void {
    client.middlewareStack.add(
      (next) => async (args) => {
        const { Bucket: bucket } = readFields(args.input);
        if (typeof bucket !== 'string') return await next(args);
        const place = this.of(bucket);
        const send = async (to: BucketPlace) => await this.#current.run(to, async () => await next(args));
        try {
          // Most buckets need no storage, which slows every await.
          return place.region === null && !place.isArn ? await next(args) : await send(place);
        } catch (error) {
          if (this.note(error, { bucket, sentTo: place.region ?? (await usualRegion()) }) === null) throw error;
          return await send(this.of(bucket));
        }
      },
      // Around the step that looks for a region in other refusals.
      { name: 'followRedirect', step: 'initialize', priority: 'high' },
    );
  }
}

/** The region that a redirect names; null for any other error. */
function readRedirect(error: unknown): string | null {
  const { $metadata, $response, Endpoint: endpoint } = readFields(error);
  const { httpStatusCode: status } = readFields($metadata);
  if (status !== 301 && status !== 307) return null;
  const { 'x-amz-bucket-region': region, location } = readFields(readFields($response)['headers']);
  if (typeof region === 'string') return REGION.test(region) ? region : null;
  return findHostRegion(location) ?? findHostRegion(endpoint);
}

/** @param text a URL or a host name */
function findHostRegion(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  const url = text.includes('://') ? text : `https://${text}`;
  return URL.canParse(url) ? (REGIONAL_HOST.exec(new URL(url).hostname)?.[1] ?? null) : null;
}
