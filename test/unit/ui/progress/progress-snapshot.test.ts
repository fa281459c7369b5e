import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Transition } from '../../../../src/circuit/circuit.ts';
import type { Event } from '../../../../src/events.ts';
import { NO_TRANSFER, TransferFollower, type TransferSnapshot } from '../../../../src/ui/progress/progress-snapshot.ts';
import { refusalOf } from '../../../support/fake-circuits.ts';

const begin = (name: string, totalBytes: number | null): Event => ({ kind: 'transfer_started', name, totalBytes });
const move = (bytes: number): Event => ({ kind: 'bytes_moved', name: 'a', bytes });
const end = (ok: boolean): Event => ({ kind: 'transfer_finished', name: 'a', ok });
const sweep = (deleted: number, failed: number, bytes: number): Event => ({
  kind: 'objects_swept',
  bucket: 'b',
  matched: deleted + failed,
  deleted,
  changed: 0,
  failed,
  bytes,
});

const FAILURE = { code: 'SlowDown', message: 'slow', httpStatus: 503, requestId: null };
const PROCESS = { pid: 1, startTime: null, bootId: null, pidNamespace: null, host: 'h', command: 'put' };
const TRANSITION: Transition = {
  circuit: 'c',
  atMs: 0,
  from: 'closed',
  to: 'open',
  epoch: 1,
  why: 'threshold_reached',
  cause: null,
  manual: null,
  process: PROCESS,
};

/** Follows events, one each second from 1000 on. */
function follow(...events: readonly Event[]): TransferSnapshot {
  const follower = new TransferFollower();
  for (const [index, event] of events.entries()) follower.follow(event, () => (index + 1) * 1000);
  return follower.snapshot;
}

describe('TransferFollower', () => {
  it.each([
    ['nothing', [], {}],
    ['one', [begin('a', 10)], { name: 'a', started: 1, totalBytes: 10, startedAtMs: 1000 }],
    [
      'one that moves',
      [begin('a', 10), move(4), move(3)],
      { name: 'a', started: 1, totalBytes: 10, movedBytes: 7, startedAtMs: 1000 },
    ],
    [
      'one that ends',
      [begin('a', 10), move(10), end(true)],
      { name: 'a', started: 1, totalBytes: 10, movedBytes: 10, finished: 1, startedAtMs: 1000 },
    ],
    [
      'one that fails',
      [begin('a', 10), end(false)],
      { name: 'a', started: 1, totalBytes: 10, failed: 1, startedAtMs: 1000 },
    ],
    [
      'an attempt that is begun again',
      [begin('a', 10), move(4), move(-4), move(1)],
      { name: 'a', started: 1, totalBytes: 10, movedBytes: 1, startedAtMs: 1000 },
    ],
    // More may come after the second: no whole is known from there on.
    ['two', [begin('a', 10), begin('b', 20), move(1)], { name: 'a', started: 2, movedBytes: 1, startedAtMs: 1000 }],
    ['three', [begin('a', 10), begin('b', 20), begin('c', 1)], { name: 'a', started: 3, startedAtMs: 1000 }],
    ['a stream', [begin('-', null), move(5)], { name: '-', started: 1, movedBytes: 5, startedAtMs: 1000 }],
    [
      'a sweep',
      [sweep(1000, 0, 50), sweep(2, 3, 7)],
      { name: 's3://b/', swept: 1002, failed: 3, movedBytes: 57, startedAtMs: 1000 },
    ],
  ])('knows %s', (_what, events, snapshot) => {
    expect(follow(...events)).toEqual({ ...NO_TRANSFER, ...snapshot });
  });

  it.each([
    [{ kind: 'warning', reason: 'x', message: 'x' }],
    [{ kind: 'operation_started', operation: 'put_object', bucket: 'b' }],
    [{ kind: 'attempt_failed', operation: 'put_object', bucket: 'b', attempt: 1, failure: FAILURE }],
    [
      {
        kind: 'operation_finished',
        operation: 'put_object',
        bucket: 'b',
        result: 'success',
        code: null,
        durationMs: 1,
        bytes: 1,
      },
    ],
    [{ kind: 'result_ignored', circuit: 'c', verdict: 'failure', state: 'open', permitEpoch: 1, epoch: 2 }],
    [{ kind: 'sweep_finished', bucket: 'b', deleted: 1, failed: 0 }],
    [{ kind: 'circuit_refused', refusal: refusalOf({}) }],
  ] as const)('is unchanged, and says so, after what does not concern it: %j', (event) => {
    const follower = new TransferFollower(follow(begin('a', 10)));
    expect(follower.follow(event, () => 9000)).toBe(false);
    expect(follower.snapshot).toEqual(follow(begin('a', 10)));
  });

  it('counts the requests on their way, and never fewer than none', () => {
    const target = { operation: 'put_object', bucket: 'b' } as const;
    const start: Event = { ...target, kind: 'request_started' };
    const stop: Event = { ...target, kind: 'request_ended' };
    expect(follow(start, start, stop).inFlight).toBe(1);
    expect(follow(start, stop, stop).inFlight).toBe(0);
  });

  it('keeps the waits that last, and forgets those that are over when the next one comes', () => {
    const retry = (number: number, delayMs: number): Event => ({
      kind: 'retry_scheduled',
      operation: 'put_object',
      bucket: 'b',
      retry: number,
      retries: 3,
      delayMs,
      failure: FAILURE,
    });
    expect(follow(retry(1, 5000), retry(1, 500), retry(2, 2000)).waits).toEqual([
      { code: 'SlowDown', attempt: 1, attempts: 4, untilMs: 6000 },
      { code: 'SlowDown', attempt: 2, attempts: 4, untilMs: 5000 },
    ]);
    const many = Array.from({ length: 100 }, () => retry(1, 1_000_000));
    expect(follow(...many).waits).toHaveLength(64);
  });

  it('follows the circuit from its first failure on', () => {
    const counted: Event = { kind: 'failures_counted', circuit: 'c', failures: 2, failureThreshold: 5 };
    expect(follow(counted).circuit).toEqual({ name: 'c', state: 'closed', failures: 2, failureThreshold: 5 });
    expect(follow(counted, { kind: 'circuit_changed', transition: TRANSITION }).circuit).toMatchObject({
      name: 'c',
      state: 'open',
    });
  });

  it('never has moved less than nothing, and counts every end once', () => {
    const event = fc.oneof(
      fc.integer({ min: -100, max: 100 }).map(move),
      fc.boolean().map(end),
      fc.option(fc.nat(100)).map((totalBytes) => begin('a', totalBytes)),
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const { movedBytes, finished, failed } = follow(...events);
        expect(movedBytes).toBeGreaterThanOrEqual(0);
        expect(finished + failed).toBe(events.filter(({ kind }) => kind === 'transfer_finished').length);
      }),
    );
  });
});
