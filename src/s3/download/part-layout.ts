import type { S3Client } from '@aws-sdk/client-s3';
import { headObject } from '../protocol/head-object.ts';
import type { ObjectAddress } from './download-request.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import type { SlotQueue } from '../../guard/slots.ts';

/** Parts that are looked at at once. */
const HEADS_IN_FLIGHT = 8;

/** How an object was cut when it was uploaded. */
export interface PartLayout {
  /** Bytes of each part but the last, which has the rest. */
  readonly partSizes: readonly number[];
  readonly certainty: Certainty;
}

/**
 * Exact where each part is known; likely where the first part and their number fit parts that are all alike but the last;
 * assumed where the store tells neither, and a usual size of parts fits their number.
 */
type Certainty = 'exact' | 'likely' | 'assumed';

export interface CutObject {
  readonly sizeBytes: number;
  readonly parts: number;
}

/** What an object of one part, or one that is taken as a whole, is cut into. */
export const ONE_PIECE: PartLayout = { partSizes: [], certainty: 'exact' };

/** What common uploaders cut by, in MiB, the most common first: aws, boto3 and breakwater; rclone and SDKs; MinIO; s3cmd; s5cmd; by hand. */
const USUAL_PART_MIB = [8, 5, 16, 15, 50, 10, 64, 32, 100, 128, 25, 20, 256, 512];
const MIB = 1024 * 1024;

/**
 * The layout that the first part and the number of parts make likely, as every common uploader cuts: all parts alike,
 * and the last the rest. With two parts it is certain. Null where they cannot be alike.
 */
export function guessLayout({ sizeBytes, parts }: CutObject, firstBytes: number): PartLayout | null {
  if (firstBytes > sizeBytes) return null;
  if (parts === 2) return { partSizes: [firstBytes], certainty: 'exact' };
  const lastBytes = sizeBytes - firstBytes * (parts - 1);
  if (lastBytes < 0 || lastBytes > firstBytes) return null;
  return { partSizes: alike(firstBytes, parts), certainty: 'likely' };
}

/** The layout that a usual size of parts makes of an object whose store tells only their number; null where none does. */
export function assumeLayout({ sizeBytes, parts }: CutObject): PartLayout | null {
  const usual = USUAL_PART_MIB.find((mib) => Math.ceil(sizeBytes / (mib * MIB)) === parts);
  return usual === undefined ? null : { partSizes: alike(usual * MIB, parts), certainty: 'assumed' };
}

function alike(bytes: number, parts: number): readonly number[] {
  return Array.from({ length: parts - 1 }, () => bytes);
}

export interface PartSizesOptions {
  readonly s3: S3Client;
  readonly requests: RequestRunner;
  readonly lane: SlotQueue;
  readonly address: ObjectAddress;
  /** Of the version that is meant. */
  readonly etag: string;
  readonly object: CutObject;
}

/** Asks S3 how an object was cut, one HEAD a part. That it cannot tell is a response too, and no failure of the download. */
export class PartSizes {
  readonly #options: PartSizesOptions;
  /** Bytes by part number, as far as they have been told: none is asked for twice. */
  readonly #known = new Map<number, number>();

  constructor(options: PartSizesOptions) {
    this.#options = options;
  }

  /** By one request, about the first part. @throws the signal's reason when it aborts */
  async guess(): Promise<PartLayout | 'unknown' | 'unequal'> {
    const { object } = this.#options;
    const firstBytes = await this.#headPart(1);
    if (firstBytes === null) return assumeLayout(object) ?? 'unknown';
    return guessLayout(object, firstBytes) ?? 'unequal';
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
        if ((await this.#headPart(number)) === null) isLost = true;
      }
    };
    await Promise.all(Array.from({ length: HEADS_IN_FLIGHT }, look));
    if (isLost) return null;
    const partSizes = Array.from({ length: parts - 1 }, (_, index) => this.#known.get(index + 1) ?? 0);
    const sumBytes = partSizes.reduce((sum, bytes) => sum + bytes, 0);
    return sumBytes <= sizeBytes ? { partSizes, certainty: 'exact' } : null;
  }

  async #headPart(number: number): Promise<number | null> {
    const known = this.#known.get(number);
    if (known !== undefined) return known;
    const { s3, requests, lane, address, etag, object } = this.#options;
    const request = { ...address, ifMatch: etag, partNumber: number };
    try {
      using _slot = await lane.take(0, requests.signal);
      const head = await requests.sendAuxiliary(({ options }) => headObject(s3, request, options));
      // A store that ignores the number of the part tells of the whole object, and of no parts.
      if (head?.ETag !== etag || head.PartsCount !== object.parts || head.ContentLength === undefined) return null;
      this.#known.set(number, head.ContentLength);
      return head.ContentLength;
    } catch (error) {
      if (requests.signal.aborted) throw error;
      return null;
    }
  }
}
