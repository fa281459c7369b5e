/**
 * Met: over TLS, on a busy machine, a `get` asked for an object twice after a first answer of `SlowDown`; an upload could fail an
 *   attempt with `not_s3`.
 * Cause: over TLS Node tells only at the end of a turn that a request was sent. Its response can be read before that, and was
 *   taken for one to a request that was never sent.
 * Fix: the first bytes of a response wait for that turn to end (src/http/http-exchange.ts).
 */
import { expect, it } from 'vitest';
import { HttpExchange } from '../../src/http/http-exchange.ts';

const OK = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');

/** Sends a request on a kept connection that answers at once, and tells that it was sent `isTold`: at the end of the turn, or never. */
async function exchange(method: 'GET' | 'PUT', isTold: boolean) {
  const seen = { status: 0, starts: 0, again: 0, error: null as Error | null };
  const ended = Promise.withResolvers<void>();
  const handler = {
    onRequestStart: () => void (seen.starts += 1),
    onResponseStart: (_controller: unknown, status: number) => void (seen.status = status),
    onResponseData: () => undefined,
    onResponseEnd: () => ended.resolve(),
    onResponseError: (_controller: unknown, error: Error) => {
      seen.error = error;
      ended.resolve();
    },
  };
  const target = { method, path: '/b/k', origin: 'http://h', body: method === 'PUT' ? Buffer.from('x') : null };
  const sendAgain = (): void => {
    seen.again += 1;
    ended.resolve();
  };
  const one = new HttpExchange(target, handler, sendAgain);
  one.begin({
    isReused: true,
    mayAsk: true,
    stopAsking: () => undefined,
    write: (_bytes, onWritten) => void (isTold && setImmediate(onWritten)),
    after: () => ({ [Symbol.dispose]: () => undefined }),
    pause: () => undefined,
    resume: () => undefined,
    finish: () => undefined,
    destroy: () => undefined,
    abandon: () => undefined,
    retain: () => undefined,
    release: () => undefined,
  });
  one.read(Buffer.from(OK));
  await ended.promise;
  return seen;
}

it.each(['GET', 'PUT'] as const)(
  'takes the answer to a %s whose sending is told at the end of the turn',
  async (method) => {
    expect(await exchange(method, true)).toEqual({ status: 200, starts: 1, again: 0, error: null });
  },
);

it('sends a request again whose answer came although it was never sent', async () => {
  expect(await exchange('PUT', false)).toMatchObject({ status: 0, again: 1 });
});
