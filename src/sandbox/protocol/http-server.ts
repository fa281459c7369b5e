import { createServer, type RequestListener, type Server } from 'node:http';
import { BreakwaterError } from '../../errors.ts';

/** Loopback only, because the keys are public. */
const HOST = '127.0.0.1';

export interface ListeningServer {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Stops the server and closes every connection. */
  readonly close: () => Promise<void>;
}

/** @throws BreakwaterError `config` if it cannot listen on the port */
export async function startHttpServer(port: number, listener: RequestListener): Promise<ListeningServer> {
  const server = createServer(listener);
  // A fault may delay a body indefinitely.
  server.requestTimeout = 0;
  const endpoint = await listen(server, port);
  return { endpoint, close: async () => await close(server) };
}

async function listen(server: Server, port: number): Promise<string> {
  return await new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const isTaken = 'code' in error && error.code === 'EADDRINUSE';
      const message = isTaken ? `port ${port} is in use` : `cannot listen on port ${port}: ${error.message}`;
      reject(
        new BreakwaterError('config', message, {
          cause: error,
          details: { reason: 'port', hint: 'choose another port with --port' },
        }),
      );
    });
    server.listen(port, HOST, () => {
      const address = server.address();
      const listening = typeof address === 'object' && address !== null ? address.port : port;
      resolve(`http://${HOST}:${listening}`);
    });
  });
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
