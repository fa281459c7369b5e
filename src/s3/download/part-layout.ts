import type { S3Client } from '@aws-sdk/client-s3';
import { strongEtag } from '../checksum/etag.ts';
import { headObject } from '../protocol/head-object.ts';
import type { ObjectAddress } from './download-request.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import type { SlotQueue } from '../../guard/slots.ts';

/** HEAD requests in flight. */
const HEADS_IN_FLIGHT = 8;

/** The parts that an object was uploaded in. */
export interface PartLayout {
  /** Bytes of each part but the last. */
  readonly partSizes: readonly number[];
  readonly certainty: Certainty;
}

/**
 * Exact if every part is known; likely if the size of the first part and the number of parts fit equal parts with a
 * shorter last one; assumed if the store states no sizes, but a usual part size fits the number.
 */
type Certainty = 'exact' | 'likely' | 'assumed';

export interface CutObject {
  readonly sizeBytes: number;
  readonly parts: number;
}

/** For an object of one part, or with a checksum of the whole. */
export const ONE_PIECE: PartLayout = { partSizes: [], certainty: 'exact' };

/** Part sizes in MiB, most common first: aws, boto3 and breakwater; rclone and SDKs; MinIO; s3cmd; s5cmd; by hand. */
const USUAL_PART_MIB = [8, 5, 16, 15, 50, 10, 64, 32, 100, 128, 25, 20, 256, 512];
const MIB = 1024 * 1024;

/**
 * Guesses the layout from the first part and the number of parts, because common uploaders use equal parts and a
 * shorter last one. With two parts it is certain. Null if the parts cannot be equal.
 */
export function guessLayout({ sizeBytes, parts }: CutObject, firstBytes: number): PartLayout | null {
  if (firstBytes > sizeBytes) return null;
  if (parts === 2) return { partSizes: [firstBytes], certainty: 'exact' };
  const lastBytes = sizeBytes - firstBytes * (parts - 1);
  if (lastBytes < 0 || lastBytes > firstBytes) return null;
  return { partSizes: alike(firstBytes, parts), certainty: 'likely' };
}

/** The layouts with a usual part size that fit the number of parts, most common first. */
export function assumeLayouts({ sizeBytes, parts }: CutObject): readonly PartLayout[] {
  const usual = USUAL_PART_MIB.filter((mib) => Math.ceil(sizeBytes / (mib * MIB)) === parts);
  return usual.map((mib) => ({ partSizes: alike(mib * MIB, parts), certainty: 'assumed' }));
}

function alike(bytes: number, parts: number): readonly number[] {
  return Array.from({ length: parts - 1 }, () => bytes);
}

export interface PartSizesOptions {
  readonly s3: S3Client;
  readonly requests: RequestRunner;
  readonly queue: SlotQueue;
  readonly address: ObjectAddress;
  /** ETag of the version being fetched. */
  readonly etag: string;
  readonly object: CutObject;
}

/** Requests the sizes of the parts, with one HEAD each. If S3 does not report them, the download does not fail. */
export class PartSizes {
  readonly #options: PartSizesOptions;
  /** Known bytes by part number, so that no part is requested twice. */
  readonly #known = new Map<number, number>();
  /** A response has described the same object as larger. */
  #isLarger = false;

  constructor(options: PartSizesOptions) {
    this.#options = options;
  }

  /**
   * Sends one request, for the first part.
   * @returns the possible layouts, most likely first; `larger` if bytes are missing for certain
   * @throws the abort reason of the operation
   */
  async guess(): Promise<readonly PartLayout[] | 'unequal' | 'larger'> {
    const { object } = this.#options;
    const firstBytes = await this.#headPart(1);
    if (this.#isLarger) return 'larger';
    if (firstBytes === null) return assumeLayouts(object);
    const guess = guessLayout(object, firstBytes);
    return guess === null ? 'unequal' : [guess];
  }

  /** Sends a request for each part but the last, at most 9,999; null if unknown. @throws the abort reason */
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
    const { s3, requests, queue, address, etag, object } = this.#options;
    const ifMatch = strongEtag(etag);
    const request = { ...address, ...(ifMatch === null ? {} : { ifMatch }), partNumber: number };
    try {
      using _slot = await queue.take(0, requests);
      const head = await requests.sendAuxiliary(({ options }) => headObject(s3, request, options));
      // A part, or the whole, of more bytes than were received.
      if (head?.ETag === etag && (head.ContentLength ?? 0) > object.sizeBytes) this.#isLarger = true;
      // A store that ignores the part number describes the whole object, without a number of parts.
      if (head?.ETag !== etag || head.PartsCount !== object.parts || head.ContentLength === undefined) return null;
      this.#known.set(number, head.ContentLength);
      return head.ContentLength;
    } catch (error) {
      if (requests.signal.aborted) throw error;
      return null;
    }
  }
}
