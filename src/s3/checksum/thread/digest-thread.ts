/** What runs on a thread: digests the files of several objects, each in order, in turns. See `digest-threads.ts`. */
import { readSync } from 'node:fs';
import { parentPort, type MessagePort } from 'node:worker_threads';
import { CompositeDigest } from '../composite-digest.ts';
import { loadDigest } from '../digest.ts';
import type { OpenRequest, ThreadRequest, ThreadResponse } from './thread-messages.ts';

/** Bytes digested between two looks at the messages; they fit into the processor's cache. */
const TURN_BYTES = 256 * 1024;

type Send = (response: ThreadResponse) => void;

const jobs = new Map<number, ThreadJob>();
const buffer = Buffer.allocUnsafeSlow(TURN_BYTES);

function receive(request: ThreadRequest, port: MessagePort): void {
  if (request.kind === 'open') {
    jobs.set(request.id, new ThreadJob(request, (response) => port.postMessage(response)));
    return;
  }
  const job = jobs.get(request.id);
  if (request.kind === 'drop') jobs.delete(request.id);
  else void job?.take(request);
}

class ThreadJob {
  readonly #plan: OpenRequest;
  readonly #send: Send;
  #digest: CompositeDigest | null = null;
  #at = 0;
  /** The end of what the file has. */
  #end = 0;
  #sizeBytes: number | null = null;
  #isRunning = false;

  constructor(plan: OpenRequest, send: Send) {
    this.#plan = plan;
    this.#send = send;
  }

  async take(request: Exclude<ThreadRequest, { kind: 'open' | 'drop' }>): Promise<void> {
    if (request.kind === 'written') this.#end = request.end;
    else this.#end = this.#sizeBytes = request.sizeBytes;
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      await this.#run();
    } catch {
      // The other thread tries it again, and finds out what is wrong.
      if (jobs.delete(this.#plan.id)) this.#send({ kind: 'failed', id: this.#plan.id });
    } finally {
      this.#isRunning = false;
    }
  }

  async #run(): Promise<void> {
    const { expected, partSizes } = this.#plan;
    if (this.#digest === null) await loadDigest(expected.algorithm);
    const digest = (this.#digest ??= new CompositeDigest(expected, partSizes));
    // The jobs' turns alternate, and so do they with messages.
    while (jobs.has(this.#plan.id) && this.#takeTurn(digest)) await new Promise(setImmediate);
    if (this.#sizeBytes === null || !jobs.has(this.#plan.id)) return;
    if (this.#sizeBytes !== this.#at) throw new Error('other bytes than were announced');
    jobs.delete(this.#plan.id);
    this.#send({ kind: 'value', id: this.#plan.id, value: await digest.value() });
  }

  /** @returns whether there were bytes */
  #takeTurn(digest: CompositeDigest): boolean {
    const lengthMax = Math.min(TURN_BYTES, this.#end - this.#at);
    if (lengthMax <= 0) return false;
    const bytesRead = readSync(this.#plan.descriptor, buffer, 0, lengthMax, this.#at);
    if (bytesRead === 0) throw new Error('the file ends before the end of the written bytes');
    digest.update(buffer.subarray(0, bytesRead));
    this.#at += bytesRead;
    return true;
  }
}

const owner = parentPort;
owner?.on('message', (request: ThreadRequest) => receive(request, owner));
