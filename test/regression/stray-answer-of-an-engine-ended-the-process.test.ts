/**
 * Met: `put` with a fleet ended with an uncaught TypeError, where the engine's port belonged to a program that answers more
 *   than it is asked.
 * Cause: the client of Redis throws within the event of its socket for a `null` that answers no command; other answers
 *   that answer none were ignored, and the next command could have taken one for its own.
 * Fix: what is thrown there ends the connection, and so does an answer that nobody asked for (src/fleet/valkey-engine.ts).
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { openTestFleet } from '../support/test-fleet.ts';

const NAME = 's3-upload@x';
const READING = '*2\r\n$10\r\n1764400000\r\n$3\r\n123\r\n$-1\r\n';

async function startEngine(answer: string) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

it.each([
  ['null', '$-1\r\n'],
  ['text', '+OK\r\n'],
  ['error', '-ERR x\r\n'],
])('ends the connection to an engine that answers a %s too much, and nothing else', async (_what, stray) => {
  await using engine = await startEngine(`${READING}${stray}`);
  const fleet = openTestFleet(engine.url);
  const read = async (): Promise<number> => (await fleet.read([NAME])).rows.size;
  expect(await read().catch(() => 0)).toBe(0);
  await expect
    .poll(async () => {
      await read().catch(() => 0);
      return engine.connections();
    })
    .toBeGreaterThan(1);
  fleet.close();
});
