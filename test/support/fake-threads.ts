import { EventEmitter } from 'node:events';
import { DigestThreads, type Thread } from '../../src/s3/checksum/thread/digest-threads.ts';
import type { ThreadRequest, ThreadResponse } from '../../src/s3/checksum/thread/thread-messages.ts';

/** A thread that does nothing by itself. */
class FakeThread extends EventEmitter {
  readonly requests: ThreadRequest[] = [];
  isHolding = true;
  hasEnded = false;

  postMessage(request: ThreadRequest): void {
    this.requests.push(request);
  }

  ref(): void {
    this.isHolding = true;
  }

  unref(): void {
    this.isHolding = false;
  }

  async terminate(): Promise<number> {
    this.hasEnded = true;
    return await Promise.resolve(1);
  }

  answer(response: ThreadResponse): void {
    this.emit('message', response);
  }
}

/** Threads that are started at once and do nothing by themselves. */
export function createFakeThreads({ count = 1 } = {}) {
  const started: FakeThread[] = [];
  const start = async (): Promise<Thread> => {
    const thread = new FakeThread();
    started.push(thread);
    return await Promise.resolve(thread as unknown as Thread);
  };
  return { started, among: new DigestThreads({ count: () => count, start }) };
}
