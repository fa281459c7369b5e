// Met: a proxy sent each answer twice, and `get -r` wrote the second one to the file of the next object.
// Cause: a kept connection was used again at once, before the bytes that had arrived on it were read.
// Fix: a kept connection is read before it is used; one with unrequested bytes is closed, and a server that has sent such a
//   response gets a new connection for each request (src/http/http-agent.ts, src/http/http-connection.ts). What still comes
//   later is recognised by the ETag of the listing (get-took-the-answer-to-another-request.test.ts).
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createHttpStage } from '../support/raw-server.ts';

const answer = (text: string, length = text.length): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${text}`;

it('is not taken when it comes with the response', async () => {
  await using stage = await createHttpStage({
    serve: (socket, { connection }) => void socket.write(answer(`of ${connection}`).repeat(2)),
  });
  for (let index = 1; index <= 5; index += 1) {
    expect(await stage.ask('GET')).toMatchObject({ body: `of ${index}`, error: null });
  }
});

it('is not taken when it comes after the response', async () => {
  await using stage = await createHttpStage({
    serve: (socket, { connection, number }) => {
      socket.write(answer(`${connection}.${number}`));
      setImmediate(() => socket.write(answer('unrequested')));
    },
  });
  const bodies: string[] = [];
  for (let index = 0; index < 20; index += 1) {
    bodies.push((await stage.ask('GET')).body);
    for (let turns = 0; turns < 20; turns += 1) await turn();
  }
  expect(bodies.filter((body) => body === 'unrequested')).toEqual([]);
});

it('keeps no connection of a server that sent one', async () => {
  await using stage = await createHttpStage({
    serve: (socket, { connection }) =>
      void socket.write(connection === 1 ? answer('first').repeat(2) : answer(`of ${connection}`)),
  });
  for (let index = 1; index <= 3; index += 1) await stage.ask('GET');
  expect(stage.sockets).toHaveLength(3);
});

it.each([
  ['the timeout of an idle connection', 'HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n'],
  ['more than the stated length', 'rest'],
])('is not %s, which ends one connection only', async (_what, bytes) => {
  await using stage = await createHttpStage({
    serve: (socket, { connection }) => void socket.write(answer('x') + (connection === 1 ? bytes : '')),
  });
  for (let index = 1; index <= 4; index += 1) expect(await stage.ask('GET')).toMatchObject({ body: 'x', error: null });
  expect(stage.sockets).toHaveLength(2);
});

it('is requested again when the rest of another response precedes it', async () => {
  await using stage = await createHttpStage({
    serve: (socket, { number }) => void socket.write(number === 1 ? answer('x') : `rest of x${answer('y')}`),
  });
  await stage.ask('GET');
  expect(await stage.ask('GET')).toMatchObject({ body: 'x', error: null });
  expect(stage.seen).toHaveLength(3);
});
