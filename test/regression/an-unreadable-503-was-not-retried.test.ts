/**
 * Met: a download ended at the first 503 of a proxy.
 * Cause: the body of such a response is no XML, or breaks off; the error of reading it took the place of the status,
 *   and was taken for a bug of ours.
 * Fix: an error whose body cannot be read goes by its status.
 */
import { expect, it } from 'vitest';
import { responseOf, body, prepare } from '../support/fake-download.ts';

it.each([
  ['is no XML', () => '<Error><Code>'],
  ['is plain text', () => 'busy'],
  ['breaks off', () => body(Buffer.alloc(0), { fault: 'ECONNRESET' })],
])('tries again after a 503 whose body %s', async (_what, broken) => {
  const { run, requests, events } = prepare((request, number) =>
    number === 1 ? { status: 503, body: broken() } : responseOf(request),
  );
  expect(await run()).toMatchObject({ bytes: 20 });
  expect(requests).toHaveLength(2);
  expect(events.find(({ kind }) => kind === 'attempt_failed')).toMatchObject({ failure: { httpStatus: 503 } });
});
