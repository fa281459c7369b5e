/**
 * Met: `get -r` and `put -r` against a server that takes 100 connections and closes further ones at once failed for the
 *   objects beyond: each retry opened a new connection, which was closed as well.
 * Cause: a request that found no free connection always got a new one, whatever had become of the last ones.
 * Fix: once a connection has ended without a byte of an answer, while at least 16 others have answered, further requests
 *   wait for one of those (src/http/narrowed-limit.ts).
 */
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { createHttpStage, OK } from '../support/raw-server.ts';

const CONNECTIONS = 20;
const REQUESTS = 60;

it('asks a server that turns connections away over those that work', async () => {
  const held: Socket[] = [];
  await using stage = await createHttpStage({
    atHead: (socket, { connection }) => {
      if (connection > CONNECTIONS) socket.destroy();
      return connection <= CONNECTIONS;
    },
    serve: (socket, { number }) => {
      if (number > 1) socket.write(OK);
      // The first requests are answered when each has its connection.
      else if (held.push(socket) === CONNECTIONS) held.forEach((one) => one.write(OK));
    },
  });
  const ask = async (count: number) => await Promise.all(Array.from({ length: count }, () => stage.ask('GET')));
  const working = await ask(CONNECTIONS);
  expect(working.filter(({ status }) => status === 200)).toHaveLength(CONNECTIONS);
  const first = await ask(REQUESTS);
  const turnedAway = first.filter(({ error }) => error !== null).length;
  expect(turnedAway).toBe(REQUESTS - CONNECTIONS);
  const connections = stage.sockets.length;
  // As retries do.
  const second = await ask(turnedAway + CONNECTIONS);
  expect(second.filter(({ error }) => error !== null)).toEqual([]);
  expect(stage.sockets).toHaveLength(connections);
});
