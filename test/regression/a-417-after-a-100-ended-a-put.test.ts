/**
 * Met: behind a proxy, `put` of a file of 2 MiB or more ended with 76 (`http_417`).
 * Cause: the proxy answers the announcement (`Expect: 100-continue`) with 100 by itself, and the server behind it with 417.
 *   The request was sent again without the announcement only if the 417 was the first answer.
 * Fix: a 417 to a request with an announcement always is followed by the same request without it, on a new connection,
 *   and this server is not asked again (src/http/http-exchange.ts; RFC 9110, section 10.1.1).
 */
import type { Socket } from 'node:net';
import { expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/patience.ts';
import { createHttpStage, OK, type RawRequest } from '../support/raw-server.ts';

const body = Buffer.alloc(3 * 1024 * 1024, 'x');
const asks = ({ head }: RawRequest): boolean => /^expect: 100-continue$/im.test(head);
const REFUSAL = 'HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno!';
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

const refuseUnread = (socket: Socket, request: RawRequest): boolean => {
  if (asks(request)) socket.write(`${CONTINUE}${REFUSAL}`, () => socket.end());
  return !asks(request);
};
const permit = (socket: Socket, request: RawRequest): boolean => {
  if (asks(request)) socket.write(CONTINUE);
  return true;
};

it.each([
  ['before it has read the body', refuseUnread],
  ['after it has read the body', permit],
])('sends without the announcement what a server refuses %s', async (_when, atHead) => {
  await using stage = await createHttpStage({
    serve: (socket, request) => void (asks(request) ? socket.end(REFUSAL) : socket.write(OK)),
    atHead,
  });
  // A request that cannot be repeated is sent again, too: the server has refused it.
  for (const method of ['POST', 'PUT']) {
    expect(await stage.ask(method, { body })).toMatchObject({ status: 200, error: null, wasSentAgain: false });
  }
  expect(stage.seen.map((request) => [request.method, asks(request)])).toEqual([
    ['POST', true],
    ['POST', false],
    ['PUT', false],
  ]);
});

it('sends it again when the server refuses only after the wait for its permission', async () => {
  await using stage = await createHttpStage({
    serve: (socket, request) => void (asks(request) ? socket.end(REFUSAL) : socket.write(OK)),
  });
  const answer = stage.ask('PUT', { body });
  await vi.waitFor(() => expect(stage.seen).toHaveLength(1), PATIENCE);
  await stage.clock.advance(1000);
  expect(await answer).toMatchObject({ status: 200, error: null });
  expect(stage.seen.map(asks)).toEqual([true, false]);
});

it('reports a 417 to a request without an announcement', async () => {
  await using stage = await createHttpStage({ serve: (socket) => void socket.end(REFUSAL) });
  expect(await stage.ask('PUT', { body: 'small' })).toMatchObject({ status: 417, body: 'no!' });
  expect(stage.seen).toHaveLength(1);
});
