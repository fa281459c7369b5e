import { isIP, connect as connectTcp, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../clock.ts';
import { TransferFault } from '../retry/fault.ts';

/** Before the first keep-alive probe of the system, in ms: as long as undici waits. */
const KEEP_ALIVE_MS = 60_000;

/** Port of a URL that names none. */
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

export interface SocketOptions {
  readonly clock: Clock;
  /** Name look-up, TCP and TLS together, in ms. */
  readonly connectTimeoutMs: number;
  readonly onread: OnReadOpts;
}

/** A socket on its way: `ready` resolves when it can be written to, and rejects with what broke it before. */
export interface OpeningSocket {
  readonly socket: Socket;
  readonly ready: Promise<void>;
}

/** Connects to `origin` (`https://host:port`). An 'error' of the socket later on is its caller's. */
export function openSocket(origin: URL, { clock, connectTimeoutMs, onread }: SocketOptions): OpeningSocket {
  const { protocol, port } = origin;
  const isTls = protocol === 'https:';
  const host = origin.hostname.replace(/^\[(.*)\]$/, '$1');
  const to = { host, port: port === '' ? (PORTS[protocol] ?? 0) : Number(port), onread };
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = isTls ? connectTls({ ...to, ...servername, ALPNProtocols: ['http/1.1'] }) : connectTcp(to);
  socket.setKeepAlive(true, KEEP_ALIVE_MS).setNoDelay(true);
  const settled = new AbortController();
  const ready = new Promise<void>((resolve, reject) => {
    socket.once(isTls ? 'secureConnect' : 'connect', resolve).once('error', reject);
    socket.once('close', () => reject(new TransferFault('connection_closed', 'the connection was closed')));
  }).finally(() => settled.abort());
  clock.sleep(connectTimeoutMs, settled.signal).then(
    () => socket.destroy(new TransferFault('connect_timeout', `no connection within ${connectTimeoutMs} ms`)),
    () => undefined,
  );
  return { socket, ready };
}
