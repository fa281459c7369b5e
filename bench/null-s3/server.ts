/**
 * The null server of the benchmarks, a process of its own: `node bench/null-s3/server.ts [--delay MS] [--unasked] [--corrupt]
 * [--tls DIRECTORY]` prints one line, `{"port","tlsPort"}`, and ends with its standard input. Each answer waits so long, as one that
 * comes from afar; by default not at all. The directory has the certificate. It speaks just enough HTTP over plain sockets, so that the
 * client is what is measured.
 */
import { readFileSync } from 'node:fs';
import { createServer, Socket, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { parseArgs } from 'node:util';
import { Connection, type ConnectionOptions } from './connection.ts';
import { respond } from './respond.ts';
import type { Written } from './write-object.ts';

const READ_BYTES = 256 * 1024;

/** Of connections that have ended: some clients open one for every other object. */
const freeBuffers: Buffer[] = [];

/**
 * Takes a connection over with one buffer that all its reads share: `net` gives that to clients only, and a fresh buffer for
 * each read costs the server more than twice the CPU of an upload, on cores that the client needs.
 */
function serve(accepted: Socket, connected: ConnectionOptions): void {
  const { _handle: handle } = accepted as unknown as { _handle: unknown };
  const buffer = freeBuffers.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
  const onread = {
    buffer,
    callback: (length: number): boolean => {
      connection.take(buffer.subarray(0, length));
      return true;
    },
  };
  const socket = new Socket({ handle, onread } as ConstructorParameters<typeof Socket>[0]);
  const connection = new Connection(socket, connected);
  socket.once('close', () => freeBuffers.push(buffer));
  socket.resume();
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const { values } = parseArgs({
  options: {
    delay: { type: 'string', default: '0' },
    unasked: { type: 'boolean', default: false },
    corrupt: { type: 'boolean', default: false },
    tls: { type: 'string' },
  },
});
const written: Written = { objects: new Map(), uploads: new Map() };
const options: ConnectionOptions = {
  respond: (request) => respond(request, { written, tellsUnasked: values.unasked }),
  delayMs: Number(values.delay),
  corrupts: values.corrupt,
};
const port = await listen(createServer({ pauseOnConnect: true }, (socket) => serve(socket, options)));
const tlsPort = values.tls === undefined ? null : await listenTls(values.tls);
process.stdout.write(`${JSON.stringify({ port, tlsPort })}\n`);
// It must not outlive the benchmark, however that ends.
process.stdin.on('end', () => process.exit(0)).resume();

async function listenTls(directory: string): Promise<number> {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(join(directory, name)));
  const server = createTlsServer({ key, cert }, (socket) => {
    const connection = new Connection(socket, options);
    socket.on('data', (bytes: Buffer) => connection.take(bytes));
  });
  // A client that goes away in the middle of a handshake is no event here.
  server.on('tlsClientError', () => {});
  return await listen(server);
}
