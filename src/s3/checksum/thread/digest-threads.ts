import type { Worker } from 'node:worker_threads';
import { once } from '../../../once.ts';
import { DigestJob } from './digest-job.ts';
import { countThreads, startThread } from './start-thread.ts';
import type { DigestPlan, ThreadRequest, ThreadResponse } from './thread-messages.ts';

/** What is used of a thread. */
export type Thread = Pick<Worker, 'on' | 'postMessage' | 'ref' | 'unref' | 'terminate'>;

export interface DigestThreadsOptions {
  /** How many threads there may be. @default `countThreads`, when the first job comes */
  readonly count?: () => number;
  /** @default a worker of Node */
  readonly start?: () => Promise<Thread>;
}

/**
 * The threads that digest the large files of one command, so that what hashes is not what reads. Each is started for
 * a job that would wait for another one, and lasts as long as the command. A thread that fails is not started again: its
 * jobs say so, and their owners digest on their own thread.
 */
export class DigestThreads {
  readonly #start: () => Promise<Thread>;
  readonly #countMax: () => number;
  readonly #threads: DigestThread[] = [];
  #hasFailed = false;

  constructor({ count = countThreads, start = startThread }: DigestThreadsOptions = {}) {
    this.#countMax = once(count);
    this.#start = start;
  }

  /** Null if there is no thread for it. */
  open(plan: DigestPlan): DigestJob | null {
    if (this.#hasFailed || this.#countMax() < 1) return null;
    const idlest = this.#threads.toSorted((a, b) => a.load - b.load)[0];
    const isEnough = idlest?.load === 0 || this.#threads.length >= this.#countMax();
    return (idlest !== undefined && isEnough ? idlest : this.#add()).open(plan);
  }

  /** Ends the threads, whatever they are doing; their jobs fail. */
  close(): void {
    this.#hasFailed = true;
    for (const thread of this.#threads) thread.close();
  }

  #add(): DigestThread {
    const thread = new DigestThread(this.#start, () => {
      this.#hasFailed = true;
    });
    this.#threads.push(thread);
    return thread;
  }
}

class DigestThread {
  readonly #onFailure: () => void;
  readonly #jobs = new Map<number, DigestJob>();
  /** What was sent before it was there. */
  #early: ThreadRequest[] = [];
  #thread: Thread | null = null;
  #hasEnded = false;
  #lastId = 0;

  constructor(start: () => Promise<Thread>, onFailure: () => void) {
    this.#onFailure = onFailure;
    start().then(
      (thread) => this.#begin(thread),
      () => this.#end(),
    );
  }

  /** Its open jobs. */
  get load(): number {
    return this.#jobs.size;
  }

  open(plan: DigestPlan): DigestJob {
    this.#lastId += 1;
    const id = this.#lastId;
    const job = new DigestJob({
      send: (request) => this.#post({ ...request, id }),
      onEnd: () => this.#forget(id),
    });
    this.#jobs.set(id, job);
    this.#thread?.ref();
    this.#post({ kind: 'open', id, ...plan });
    if (this.#hasEnded) job.fail();
    return job;
  }

  close(): void {
    this.#end();
  }

  #begin(thread: Thread): void {
    if (this.#hasEnded) {
      void thread.terminate();
      return;
    }
    this.#thread = thread;
    thread.on('message', (response: ThreadResponse) => this.#receive(response));
    for (const event of ['error', 'messageerror', 'exit']) thread.on(event, () => this.#end());
    // Only while something waits for it may it keep the process alive.
    if (this.#jobs.size === 0) thread.unref();
    for (const request of this.#early.splice(0)) thread.postMessage(request);
  }

  #receive(response: ThreadResponse): void {
    const job = this.#jobs.get(response.id);
    if (response.kind === 'value') job?.end(response.value);
    else job?.fail();
  }

  #post(request: ThreadRequest): void {
    if (this.#hasEnded) return;
    if (this.#thread === null) this.#early.push(request);
    else this.#thread.postMessage(request);
  }

  #forget(id: number): void {
    if (this.#jobs.delete(id) && this.#jobs.size === 0) this.#thread?.unref();
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#early = [];
    this.#onFailure();
    for (const job of this.#jobs.values()) job.fail();
    void this.#thread?.terminate();
  }
}
