import { onAbort } from '../../abort.ts';
import type { FileTarget } from './download-request.ts';
import { FollowingCheck, type InOrderCheck } from './verify-in-order.ts';
import type { ExpectedChecksum } from '../checksum/expected-checksum.ts';
import type { DigestJob } from '../checksum/thread/digest-job.ts';
import type { DigestThreads } from '../checksum/thread/digest-threads.ts';

/**
 * Objects from this size on are digested by another thread. Starting one takes 35 ms of CPU time, as long as the MD5 of
 * 25 MB does.
 */
export const THREAD_BYTES_MIN = 32 * 1024 * 1024;

export interface InOrderOptions {
  readonly expected: ExpectedChecksum;
  /** As in `CompositeDigest`. */
  readonly partSizes: readonly number[];
  readonly sizeBytes: number;
  readonly target: Pick<FileTarget, 'readBack' | 'descriptor'>;
  /** Null for none. */
  readonly threads: DigestThreads | null;
  /** Ends the wait for a thread. */
  readonly signal: AbortSignal;
}

/**
 * Digests on another thread if the object is large, goes to a file, and there is a thread, else on this one. Sending a
 * stream's bytes to a thread was measured: it takes half as much CPU time again, and 40 MB.
 */
export function openInOrderCheck(options: InOrderOptions): InOrderCheck {
  const { expected, partSizes, sizeBytes, threads, target } = options;
  const { readBack, descriptor = null } = target;
  const onThisThread = (): FollowingCheck => new FollowingCheck(expected, { partSizes, readBack });
  if (threads === null || sizeBytes < THREAD_BYTES_MIN || readBack === null || descriptor === null) {
    return onThisThread();
  }
  const open = (): DigestJob | null => threads.open({ expected, partSizes, descriptor });
  const job = open();
  return job === null ? onThisThread() : new ThreadCheck(job, { ...options, open, onThisThread });
}

interface ThreadCheckOptions extends InOrderOptions {
  readonly open: () => DigestJob | null;
  readonly onThisThread: () => FollowingCheck;
}

/**
 * A check whose digest another thread computes, by reading the file back. If the thread fails, the file is digested anew
 * on this one.
 */
class ThreadCheck implements InOrderCheck {
  readonly #options: ThreadCheckOptions;
  #job: DigestJob;
  /** Once the thread has failed. */
  #following: FollowingCheck | null = null;
  #verdict: Promise<boolean> | null = null;

  constructor(job: DigestJob, options: ThreadCheckOptions) {
    this.#job = job;
    this.#options = options;
  }

  add(chunks: readonly Uint8Array[], offset: number): void {
    this.#following?.add(chunks, offset);
  }

  advance(frontier: number): void {
    if (this.#following === null && !this.#job.hasFailed) this.#job.advance(frontier);
    else this.#digestHere().advance(frontier);
  }

  restart(): void {
    this.#verdict = null;
    this.#job.drop();
    const job = this.#following === null ? this.#options.open() : null;
    if (job === null) this.#digestHere().restart();
    else this.#job = job;
  }

  async matches(sizeBytes: number): Promise<boolean> {
    this.#verdict ??= this.#compare(sizeBytes);
    return await this.#verdict;
  }

  close(): void {
    this.#job.drop();
    this.#following?.close();
  }

  async #compare(sizeBytes: number): Promise<boolean> {
    const value = this.#following === null ? await this.#finish(sizeBytes) : null;
    if (value !== null) return value === this.#options.expected.value;
    return await this.#digestHere().matches(sizeBytes);
  }

  async #finish(sizeBytes: number): Promise<string | null> {
    const aborted = Promise.withResolvers<never>();
    using _listening = onAbort(this.#options.signal, aborted.reject);
    return await Promise.race([this.#job.finish(sizeBytes), aborted.promise]);
  }

  #digestHere(): FollowingCheck {
    return (this.#following ??= this.#options.onThisThread());
  }
}
