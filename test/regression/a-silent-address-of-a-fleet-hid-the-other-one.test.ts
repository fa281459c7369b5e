/**
 * Met: a fleet whose name has two addresses, of which the first one loses packets (a broken IPv6 route, a node that is
 *   gone), was never asked: "it did not answer within --fleet-timeout", although a server listened at the second one.
 * Cause: the addresses were tried one after the other, and the first one had the whole time.
 * Fix: the next address is tried beside one that has not connected after 30 ms (src/fleet/open-engine-socket.ts).
 */
import { once } from 'node:events';
import { createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { parseFleetUrl } from '../../src/fleet/fleet-url.ts';
import { openEngineSocket } from '../../src/fleet/open-engine-socket.ts';

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

async function listen(address: string): Promise<Server> {
  const server = createServer((socket) => closing.push(() => socket.destroy()));
  server.listen(0, address);
  await once(server, 'listening');
  closing.push(() => server.close());
  return server;
}

/** Connects to these addresses of one name, and to the given port. */
async function open(port: number, addresses: readonly string[], timeoutMs = 2000): Promise<Socket> {
  const target = parseFleetUrl(`redis://engine:${port}`, { origin: 'test' });
  const signal = AbortSignal.timeout(timeoutMs);
  async function* addressesOf(): AsyncGenerator<string> {
    yield* await Promise.resolve(addresses);
  }
  const socket = await openEngineSocket(target, { signal, clock: systemClock, addressesOf });
  closing.push(() => socket.destroy());
  return socket;
}

/** Keeps the connections to an address from being made, as a route that loses packets does. Returns those that began. */
function silence(address: string): Socket[] {
  const begun: Socket[] = [];
  const connect = Socket.prototype.connect;
  Socket.prototype.connect = function (this: Socket, ...values: unknown[]) {
    if (JSON.stringify(values).includes(`"${address}"`)) begun.push(this);
    else Reflect.apply(connect, this, values);
    return this;
  };
  closing.push(() => (Socket.prototype.connect = connect));
  return begun;
}

it('connects to the second address while the first is silent, and ends the other attempt', async () => {
  const { port } = (await listen('127.0.0.1')).address() as AddressInfo;
  const begun = silence('127.0.0.2');
  const socket = await open(port, ['127.0.0.2', '127.0.0.1']);
  expect(socket.remoteAddress).toBe('127.0.0.1');
  expect(begun.map(({ destroyed }) => destroyed)).toEqual([true]);
});

it('connects once where the first address is well', async () => {
  const first = await listen('127.0.0.1');
  const { port } = first.address() as AddressInfo;
  const begun = silence('127.0.0.2');
  const socket = await open(port, ['127.0.0.1', '127.0.0.2']);
  expect([socket.remoteAddress, begun.length]).toEqual(['127.0.0.1', 0]);
});

it('goes on at once where nothing listens, and tells that if no address is better', async () => {
  const server = await listen('127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const socket = await open(port, ['127.0.0.2', '127.0.0.1']);
  expect(socket.remoteAddress).toBe('127.0.0.1');
  await expect(open(port, ['127.0.0.2', '127.0.0.3'])).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('ends every attempt with its time', async () => {
  const begun = silence('127.0.0.2');
  await expect(open(1, ['127.0.0.2', '127.0.0.2'], 100)).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(begun.map(({ destroyed }) => destroyed)).toEqual([true, true]);
});
