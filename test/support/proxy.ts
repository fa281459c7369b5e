import { once } from 'node:events';
import { createServer, request as sendRequest, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** A proxy for plain requests and tunnels. Every host name leads to 127.0.0.1, so that only the proxy can reach it. */
export interface TestProxy extends AsyncDisposable {
  readonly port: number;
  /** `METHOD target` of each request, in order. */
  readonly requests: readonly string[];
  readonly authorizations: readonly (string | undefined)[];
  /** Answers tunnels and requests with this status from now on; null to forward them. */
  refuse: number | null;
}

/** @param options `requestsPerConnection`: a connection is then closed without a word. @default any number */
export async function startTestProxy({ requestsPerConnection = Infinity } = {}): Promise<TestProxy> {
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const counts = new WeakMap<Socket, number>();
  const note = ({ method = '', url = '', headers }: IncomingMessage): void => {
    requests.push(`${method} ${url}`);
    authorizations.push(headers['proxy-authorization']);
  };
  const server = createServer((request, response) => {
    note(request);
    if (proxy.refuse !== null) {
      response.writeHead(proxy.refuse).end();
      return;
    }
    const { port, pathname, search } = new URL(request.url ?? '');
    const { 'proxy-authorization': _secret, ...headers } = request.headers;
    const options = { host: '127.0.0.1', port, path: pathname + search, method: request.method, headers };
    const forwarded = sendRequest(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
      const { socket } = request;
      const served = (counts.get(socket) ?? 0) + 1;
      counts.set(socket, served);
      if (served >= requestsPerConnection) response.once('finish', () => socket.end());
    });
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  });
  server.on('connection', (socket) => sockets.add(socket));
  server.on('connect', (request, client: Socket) => {
    note(request);
    client.on('error', () => undefined);
    if (proxy.refuse !== null) {
      client.end(`HTTP/1.1 ${proxy.refuse} refused\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const back = connect(Number((request.url ?? '').split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(back).pipe(client);
    });
    back.on('error', () => client.destroy());
    client.on('close', () => back.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: TestProxy = {
    port: (server.address() as AddressInfo).port,
    requests,
    authorizations,
    refuse: null,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
