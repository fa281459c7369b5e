import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BreakwaterError } from '../errors.ts';
import { isAllowedHost } from './allowed-hosts.ts';
import { chooseFormat, mediaTypeOf } from './choose-format.ts';
import type { MetricFormat } from './print.ts';

export interface ServeOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Names that requests may use for this server, besides `host`, `localhost` and IP addresses. */
  readonly allowedHosts: readonly string[];
  /** Rereads and prints the state. @throws if the state cannot be read */
  readonly print: (format: MetricFormat) => Promise<string>;
}

export interface MetricsServer {
  /** `http://HOST:PORT/metrics` */
  readonly url: string;
  readonly close: () => Promise<void>;
}

const INDEX = '<!doctype html><title>breakwater</title><p>breakwater: <a href="/metrics">metrics</a></p>\n';

/**
 * Serves `/metrics` and `/healthz` to GET and HEAD.
 * @throws BreakwaterError `config` if it cannot listen on the port
 */
export async function serveMetrics({ host, port, allowedHosts, print }: ServeOptions): Promise<MetricsServer> {
  const names = [host, ...allowedHosts];
  const server = createServer((request, response) => void reply(request, response, { names, print }));
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

interface ReplyOptions {
  readonly names: readonly string[];
  readonly print: ServeOptions['print'];
}

async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  { names, print }: ReplyOptions,
): Promise<void> {
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
  if (hasSeveralHosts(request)) {
    // RFC 9112, 3.2: Node reads the first of them, and something before us may have read another.
    send(400, 'text/plain', 'more than one Host\n');
    return;
  }
  const { host, path } = readTarget(request);
  if (!isAllowedHost(host, names)) {
    // Misdirected Request (RFC 9110, 15.5.20). The name is not repeated, because a page could read it.
    send(421, 'text/plain', 'not a name of this server; see --allow-host\n');
    return;
  }
  if (path === '/') send(200, 'text/html', INDEX);
  else if (path === '/healthz') send(200, 'text/plain', 'ok\n');
  else if (path !== '/metrics') send(404, 'text/plain', 'not found; try /metrics or /healthz\n');
  else {
    const format = chooseFormat(request.headers.accept);
    try {
      send(200, mediaTypeOf(format), await print(format));
    } catch (error) {
      send(503, 'text/plain', `${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

function hasSeveralHosts({ rawHeaders }: IncomingMessage): boolean {
  // Names and values take turns.
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length > 1;
}

/** The target of a request, also in absolute form, whose host counts instead of the header (RFC 9112, 3.2.2). */
function readTarget({ url = '/', headers }: IncomingMessage): { host: string | undefined; path: string } {
  const absolute = /^https?:\/\/([^/?#]*)([^?#]*)/i.exec(url);
  if (absolute === null) return { host: headers.host, path: url.split('?')[0] ?? '/' };
  return { host: absolute[1], path: absolute[2] === '' ? '/' : (absolute[2] ?? '/') };
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
