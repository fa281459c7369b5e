/**
 * Met: with ALL_PROXY=socks5://..., every command printed "warning: ExperimentalWarning: SOCKS5 proxy support is experimental
 *   and subject to change", and no request went through: "wrong version number".
 * Cause: what speaks SOCKS, undici, warns its developers, and every warning was shown; it was given settings for TLS to the
 *   proxy, and then speaks TLS to one of SOCKS, too.
 * Fix: warnings of experimental parts are not shown, since a user can do nothing about them; a proxy of SOCKS gets no TLS.
 */
import { writeFile, readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

/** A server of SOCKS 5 without authentication, for names and addresses of IPv4 (RFC 1928). A message comes as one piece here. */
async function serveSocks(socket: Socket): Promise<void> {
  await once(socket, 'data');
  socket.write(Buffer.from([5, 0]));
  const [message] = (await once(socket, 'data')) as [Buffer];
  const isName = message[3] === 3;
  const host = isName ? message.subarray(5, -2).toString() : message.subarray(4, -2).join('.');
  const target = connect(message.readUInt16BE(message.length - 2), host);
  target.on('error', () => socket.destroy());
  await once(target, 'connect');
  socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
  socket.pipe(target).pipe(socket);
}

const SOON = ['--retries', '0', '--request-timeout', '5s'];

it('is used in silence', async () => {
  let connections = 0;
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    connections += 1;
    sockets.push(socket.on('error', () => undefined));
    serveSocks(socket).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await using sandbox = await startTestSandbox();
    const proxy = `socks5://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await using program = await Program.create({ ...sandbox.env, ALL_PROXY: proxy, NO_PROXY: '' });
    await writeFile(program.path('file'), 'bytes');
    const put = await program.run(['put', 'file', 's3://bucket/key', ...SOON]);
    expect([put.status, put.stderr]).toEqual([0, '']);
    const get = await program.run(['get', 's3://bucket/key', 'back', ...SOON]);
    expect([get.status, get.stderr, await readFile(program.path('back'), 'utf8')]).toEqual([0, '', 'bytes']);
    expect(connections).toBeGreaterThan(0);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
