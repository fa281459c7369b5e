import type { ObjectClient } from '../connection/object-client.ts';
import type { Guard } from '../../guard/guard.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import type { DownloadRequest, FileTarget, ObjectFacts } from './download-request.ts';
import type { InOrderCheck } from './verify-in-order.ts';
import { openInOrderCheck } from './verify-on-thread.ts';
import { formatDoubt, UNVERIFIED_REASONS, type Unverified } from './unverified.ts';
import { ONE_PIECE, PartSizes, type PartLayout } from './part-layout.ts';
import {
  isOfOnePiece,
  isProof,
  formatExpected,
  type ExpectedChecksum,
  type VerifiedBy,
} from '../checksum/expected-checksum.ts';
import type { DigestThreads } from '../checksum/thread/digest-threads.ts';

export interface DownloadOptions {
  readonly s3: ObjectClient;
  readonly guard: Guard;
  readonly requests: RequestRunner;
  readonly request: DownloadRequest;
  /** What digests large objects. @default this thread */
  readonly threads?: DigestThreads;
}

/** The check for a known object; null if there is no checksum to compare with. */
export function openCheck(
  { s3, guard, requests, request, threads }: DownloadOptions,
  { facts, target }: { facts: ObjectFacts; target: FileTarget },
): DownloadCheck | null {
  const { expected, sizeBytes, etag } = facts;
  if (expected === null) return null;
  const { parts } = expected;
  // The part sizes cannot be found without the object's size.
  if (parts !== null && sizeBytes === null) return null;
  const object = { sizeBytes: sizeBytes ?? 0, parts: parts ?? 1 };
  const name = `s3://${request.bucket}/${request.key}`;
  return new DownloadCheck({
    expected,
    readBack: target.readBack,
    follow: (partSizes) =>
      openInOrderCheck({
        expected,
        partSizes,
        sizeBytes: sizeBytes ?? 0,
        target,
        threads: threads ?? null,
        signal: requests.signal,
      }),
    partSizes: new PartSizes({ s3, requests, queue: request.queue, address: request, etag, object }),
    onUnverified: (why) => {
      // Only `checksum_differs` may mean corruption.
      if (why !== 'checksum_differs') guard.emit({ kind: 'not_verified', name, why: UNVERIFIED_REASONS[why] });
      else {
        const message = `${name}: ${formatDoubt(formatExpected(expected))}`;
        guard.emit({ kind: 'warning', reason: 'not_verified', message });
      }
    },
  });
}

export interface DownloadCheckOptions {
  readonly expected: ExpectedChecksum;
  /** Null for a stream, whose bytes arrive in order and cannot be read back. */
  readonly readBack: FileTarget['readBack'];
  /** Digests the bytes in order, as parts of these sizes. */
  readonly follow: (partSizes: readonly number[]) => InOrderCheck;
  /** Used only for a composite checksum of several parts. */
  readonly partSizes: Pick<PartSizes, 'guess' | 'learn'>;
  readonly onUnverified: (why: Unverified) => void;
}

/**
 * Verifies an object's bytes with the checksum that S3 stated. For a composite checksum it requests the part sizes
 * while bytes are arriving: a file is read back later, a stream is held until then.
 *
 * Reports a mismatch only if it is certain, after replacing guessed sizes with exact ones.
 */
export class DownloadCheck {
  readonly #options: DownloadCheckOptions;
  /** Null if no sizes are needed. */
  readonly #guessing: Promise<void> | null;
  #layout: PartLayout | null = null;
  /** The layouts to compare with, best first. */
  #layouts: readonly PartLayout[] = [];
  /** S3 describes the object as larger than what was received. */
  #isCut = false;
  #following: InOrderCheck | null = null;
  /** The bytes of a stream until the layout is known; null if none are held. */
  #held: Uint8Array[] | null;
  #isVerified = false;
  #why: Unverified | null = null;

  constructor(options: DownloadCheckOptions) {
    this.#options = options;
    const { expected, readBack } = options;
    this.#held = readBack === null ? [] : null;
    if (isOfOnePiece(expected)) {
      this.#guessing = null;
      this.#follow(ONE_PIECE);
      return;
    }
    this.#guessing = this.#guess();
    // Handled by the later await; this avoids an unhandled rejection.
    this.#guessing.catch(() => undefined);
  }

  /** Whether no sizes are needed, so that an attempt can be checked while it holds its slot and permit. */
  get isReady(): boolean {
    return this.#guessing === null;
  }

  /** The checksum that verified the bytes; null if they are unverified. */
  get verifiedBy(): VerifiedBy | null {
    return this.#isVerified ? formatExpected(this.#options.expected) : null;
  }

  /** Whether the bytes differ from the checksum, though that proves nothing: another download may show more. */
  get isSuspect(): boolean {
    return this.#why !== null && this.#following !== null;
  }

  /** Reports why the bytes stay unverified. Call at the end. */
  report(): void {
    if (this.#why !== null) this.#options.onUnverified(this.#why);
  }

  /** Resolves when no bytes need to be held. A stream's are held until its part sizes are known. */
  async ready(): Promise<void> {
    if (this.#held !== null) await this.#guessing;
  }

  /** Call at the end. Resolves when it will send no more requests. */
  async settle(): Promise<void> {
    await this.#guessing?.catch(() => undefined);
    this.#following?.close();
  }

  /** Adds bytes that have been written. */
  add(chunks: readonly Uint8Array[], offset: number): void {
    if (this.#following !== null) this.#following.add(chunks, offset);
    // Copies, because the chunks' memory is reused.
    else this.#held?.push(...chunks.map((chunk) => Uint8Array.from(chunk)));
  }

  /** Call when everything before `frontier` has been written. */
  advance(frontier: number): void {
    this.#following?.advance(frontier);
  }

  restart(): void {
    this.#isVerified = false;
    if (this.#following === null) return;
    this.#why = null;
    const [best] = this.#layouts;
    if (best === undefined || best === this.#layout) this.#following.restart();
    else this.#follow(best);
  }

  /** Call after the last byte. False only if the object certainly differs from its checksum. */
  async matches(sizeBytes: number): Promise<boolean> {
    await this.#guessing;
    if (this.#isCut) return false;
    if (this.#following === null || this.#layout === null) return true;
    this.#isVerified = await this.#following.matches(sizeBytes);
    if (this.#isVerified) return true;
    const { expected, readBack } = this.#options;
    const { certainty } = this.#layout;
    if (certainty === 'assumed') return await this.#matchesOther(sizeBytes);
    const isProven = isProof(expected);
    if (certainty === 'exact') return isProven ? false : this.#leaveUnverified('etag_differs');
    // For a stream, the sizes come too late, so they only help to tell what is proven.
    if (!isProven && readBack === null) return this.#leaveUnverified('etag_differs');
    const matches = await this.#matchesExactly(sizeBytes, this.#layout);
    return matches || isProven ? matches : this.#leaveUnverified('etag_differs');
  }

  /** Compares with the other usual layouts, of which none is certain. */
  async #matchesOther(sizeBytes: number): Promise<true> {
    const { readBack } = this.#options;
    for (const layout of readBack === null ? [] : this.#layouts.slice(1)) {
      this.#isVerified = await this.#follow(layout).matches(sizeBytes);
      if (this.#isVerified) return true;
    }
    return this.#leaveUnverified('parts_unknown');
  }

  /** Replaces a guessed layout by the exact one, at the cost of one request for each part. */
  async #matchesExactly(sizeBytes: number, guessed: PartLayout): Promise<boolean> {
    const { expected, readBack, partSizes } = this.#options;
    const exact = await partSizes.learn();
    if (exact === null) return this.#leaveUnverified(isProof(expected) ? 'checksum_differs' : 'etag_differs');
    const isSame = isSameLayout(exact, guessed);
    if (!isSame && readBack === null) return this.#leaveUnverified('parts_unequal');
    this.#layouts = [exact];
    if (isSame) {
      this.#layout = exact;
      return false;
    }
    this.#isVerified = await this.#follow(exact).matches(sizeBytes);
    return this.#isVerified;
  }

  async #guess(): Promise<void> {
    const { expected, partSizes } = this.#options;
    const guess = await partSizes.guess();
    if (guess === 'larger') this.#isCut = true;
    else if (guess !== 'unequal') this.#choose(guess);
    else if (!isProof(expected)) this.#leaveUnverified('parts_unequal');
    else {
      const exact = await partSizes.learn();
      this.#choose(exact === null ? [] : [exact]);
    }
    this.#held = null;
  }

  #choose(layouts: readonly PartLayout[]): void {
    this.#layouts = layouts;
    const [best] = layouts;
    if (best === undefined) this.#leaveUnverified('parts_unknown');
    else this.#follow(best);
  }

  #follow(layout: PartLayout): InOrderCheck {
    this.#layout = layout;
    this.#following?.close();
    const following = this.#options.follow(layout.partSizes);
    if (this.#held !== null) following.add(this.#held, 0);
    this.#following = following;
    return following;
  }

  #leaveUnverified(why: Unverified): true {
    this.#why = why;
    return true;
  }
}

function isSameLayout(one: PartLayout, other: PartLayout): boolean {
  return one.partSizes.every((bytes, index) => bytes === other.partSizes[index]);
}
