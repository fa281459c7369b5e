import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectAddress } from './download-request.ts';
import type { RequestRunner } from './request-runner.ts';
import type { Lane } from './slots.ts';

/** Parts that are looked at at once. */
const LOOKS_IN_FLIGHT = 8;

/** How an object was cut when it was uploaded. */
export interface PartLayout {
  /** Bytes of each part but the last, which has the rest. */
  readonly partSizes: readonly number[];
  /** False where it is only likely: the first part and their number fit parts that are all alike but the last. */
  readonly isExact: boolean;
}

export interface CutObject {
  readonly sizeBytes: number;
  readonly parts: number;
}

/** What an object of one part, or one that is taken as a whole, is cut into. */
export const ONE_PIECE: PartLayout = { partSizes: [], isExact: true };

/**
 * The layout that the first part and the number of parts make likely, as every common uploader cuts: all parts alike,
 * and the last the rest. With two parts it is certain. Null where they cannot be alike.
 */
export function guessLayout({ sizeBytes, parts }: CutObject, firstBytes: number): PartLayout | null {
  if (firstBytes > sizeBytes) return null;
  if (parts === 2) return { partSizes: [firstBytes], isExact: true };
  const lastBytes = sizeBytes - firstBytes * (parts - 1);
  if (lastBytes < 0 || lastBytes > firstBytes) return null;
  return { partSizes: Array.from({ length: parts - 1 }, () => firstBytes), isExact: false };
}

export interface LookOptions {
  readonly s3: S3Client;
  readonly requests: RequestRunner;
  readonly lane: Lane;
  readonly address: ObjectAddress;
  /** Of the version that is meant. */
  readonly etag: string;
  readonly object: CutObject;
}

/** Asks S3 how an object was cut, one HEAD a part. That it cannot tell is an answer too, and no failure of the download. */
export class PartLooks {
  readonly #options: LookOptions;
  /** Bytes by part number, as far as they have been told: none is asked for twice. */
  readonly #known = new Map<number, number>();

  constructor(options: LookOptions) {
    this.#options = options;
  }

  /** By one request, about the first part. @throws the signal's reason when it aborts */
  async guess(): Promise<PartLayout | 'unknown' | 'unequal'> {
    const firstBytes = await this.#lookAt(1);
    if (firstBytes === null) return 'unknown';
    return guessLayout(this.#options.object, firstBytes) ?? 'unequal';
  }

  /** By one request for each part but the last, 9,999 at most; null where it cannot tell. @throws the signal's reason when it aborts */
  async learn(): Promise<PartLayout | null> {
    const { sizeBytes, parts } = this.#options.object;
    let next = 1;
    let isLost = false;
    const look = async (): Promise<void> => {
      while (next < parts && !isLost) {
        const number = next;
        next += 1;
        if ((await this.#lookAt(number)) === null) isLost = true;
      }
    };
    await Promise.all(Array.from({ length: LOOKS_IN_FLIGHT }, look));
    if (isLost) return null;
    const partSizes = Array.from({ length: parts - 1 }, (_, index) => this.#known.get(index + 1) ?? 0);
    const sumBytes = partSizes.reduce((sum, bytes) => sum + bytes, 0);
    return sumBytes <= sizeBytes ? { partSizes, isExact: true } : null;
  }

  async #lookAt(number: number): Promise<number | null> {
    const known = this.#known.get(number);
    if (known !== undefined) return known;
    const { s3, requests, lane, address, etag, object } = this.#options;
    const { bucket, key, versionId } = address;
    const command = new HeadObjectCommand({
      Bucket: bucket,
      Key: key,
      ...(versionId === null ? {} : { VersionId: versionId }),
      IfMatch: etag,
      PartNumber: number,
    });
    try {
      using _slot = await lane.take(0, requests.signal);
      const answer = await requests.send(
        { isDataBearing: false },
        async ({ options }) => await s3.send(command, options),
      );
      // A store that ignores the number of the part tells of the whole object, and of no parts.
      if (answer.ETag !== etag || answer.PartsCount !== object.parts || answer.ContentLength === undefined) return null;
      this.#known.set(number, answer.ContentLength);
      return answer.ContentLength;
    } catch (error) {
      if (requests.signal.aborted) throw error;
      return null;
    }
  }
}
