import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BreakwaterError } from '../errors.ts';
import type { MetricFormat } from './print.ts';

export interface ServeOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Rereads and prints the state. @throws if the state cannot be read */
  readonly print: (format: MetricFormat) => Promise<string>;
}

export interface MetricsServer {
  /** `http://HOST:PORT/metrics` */
  readonly url: string;
  readonly close: () => Promise<void>;
}

const CONTENT_TYPES: Readonly<Record<MetricFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};
const INDEX = '<!doctype html><title>breakwater</title><p>breakwater: <a href="/metrics">metrics</a></p>\n';

/**
 * Serves `/metrics` and `/healthz` to GET and HEAD.
 * @throws BreakwaterError `config` if it cannot listen on the port
 */
export async function serveMetrics({ host, port, print }: ServeOptions): Promise<MetricsServer> {
  const server = createServer((request, response) => void reply(request, response, print));
  await listen(server, { host, port });
  const address = server.address();
  const listening = typeof address === 'object' && address !== null ? address.port : port;
  const close = async (): Promise<void> =>
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${listening}/metrics`, close };
}

async function reply(request: IncomingMessage, response: ServerResponse, print: ServeOptions['print']): Promise<void> {
  const isHead = request.method === 'HEAD';
  const send = (status: number, type: string, text: string): void => {
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
    response.end(isHead ? undefined : text);
  };
  if (request.method !== 'GET' && !isHead) {
    response.setHeader('allow', 'GET, HEAD');
    send(405, 'text/plain', 'use GET or HEAD\n');
    return;
  }
  const [path] = (request.url ?? '/').split('?');
  if (path === '/') send(200, 'text/html', INDEX);
  else if (path === '/healthz') send(200, 'text/plain', 'ok\n');
  else if (path !== '/metrics') send(404, 'text/plain', 'not found; try /metrics or /healthz\n');
  else {
    const format = chooseFormat(request.headers.accept);
    try {
      send(200, CONTENT_TYPES[format], await print(format));
    } catch (error) {
      send(503, 'text/plain', `${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

/** OpenMetrics for clients that request it: Prometheus does, browsers and curl do not. */
function chooseFormat(accept = ''): MetricFormat {
  return accept.includes('application/openmetrics-text') ? 'openmetrics' : 'prometheus';
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const isTaken = 'code' in error && error.code === 'EADDRINUSE';
      const message = isTaken
        ? `port ${port} on ${host} is in use`
        : `cannot listen on ${host}:${port}: ${error.message}`;
      const details = { reason: 'port', hint: 'choose another port with --listen [HOST:]PORT' };
      reject(new BreakwaterError('config', message, { cause: error, details }));
    });
    server.listen(port, host, () => resolve());
  });
}
