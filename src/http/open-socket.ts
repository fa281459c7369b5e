import { isIP, connect as connectTcp, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
import { after, onAbort } from '../abort.ts';
import type { Clock } from '../clock.ts';
import { readAfterWriteError } from './answer-after-write-error.ts';
import { TransferFault } from '../retry/transfer-fault.ts';

/** Delay before the system's first keep-alive probe, in ms; the same as undici's. */
const KEEP_ALIVE_MS = 60_000;

/** Default ports. */
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

export interface ConnectionSettings {
  /** Name lookup, TCP and TLS together, in ms. @default 5000 */
  readonly connectTimeoutMs: number;
  /** Trusted certificate authorities in PEM; null for Node's. */
  readonly certificates: string | null;
  /** Finds the addresses of a host. @default the system's, which cannot be stopped while its name servers are silent */
  readonly lookup?: LookupFunction;
}

export interface SocketOptions extends ConnectionSettings {
  readonly clock: Clock;
  /** Receives the bytes; null for an ordinary stream. */
  readonly onread: OnReadOpts | null;
  readonly tlsSession: TlsSession;
  /** Aborts the attempt. */
  readonly signal: AbortSignal;
}

/** The last TLS session with an origin, which shortens the next handshake (RFC 8446, section 2.2). */
export interface TlsSession {
  ticket: Buffer | undefined;
}

/**
 * Connects to `origin` (`https://host:port`). The caller must listen for later errors of the socket.
 * @throws the error of the system or TLS; TransferFault `connect_timeout`, or `connection_closed` after an abort
 */
export async function openSocket(origin: URL, options: SocketOptions): Promise<Socket> {
  const { clock, connectTimeoutMs, signal } = options;
  const isTls = origin.protocol === 'https:';
  const socket = isTls ? await connectOverTls(origin, options) : connectTcp(peerOf(origin, options));
  readAfterWriteError(socket, clock);
  // Without a listener an error would end the process.
  socket
    .setKeepAlive(true, KEEP_ALIVE_MS)
    .setNoDelay(true)
    .on('error', () => undefined);
  using _listening = onAbort(signal, () => socket.destroy());
  using _timeout = after(clock, connectTimeoutMs, () =>
    socket.destroy(new TransferFault('connect_timeout', `no connection within ${connectTimeoutMs} ms`)),
  );
  await new Promise<void>((resolve, reject) => {
    socket.once(isTls ? 'secureConnect' : 'connect', resolve).once('error', reject);
    socket.once('close', () => reject(new TransferFault('connection_closed', 'the connection was closed')));
  });
  return socket;
}

function peerOf({ hostname, port, protocol }: URL, { onread, lookup }: Pick<SocketOptions, 'onread' | 'lookup'>) {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: port === '' ? (PORTS[protocol] ?? 0) : Number(port),
    ...(onread === null ? {} : { onread }),
    ...(lookup === undefined ? {} : { lookup }),
  };
}

async function connectOverTls(origin: URL, options: SocketOptions): Promise<Socket> {
  const { tlsSession, certificates } = options;
  const peer = peerOf(origin, options);
  // Loaded only when needed: it takes a tenth of the start-up time, which plain HTTP and uploads save.
  const { connect } = await import('node:tls');
  return connect({
    ...peer,
    // A server name must not be an IP address.
    ...(isIP(peer.host) === 0 ? { servername: peer.host } : {}),
    ...(tlsSession.ticket === undefined ? {} : { session: tlsSession.ticket }),
    ...(certificates === null ? {} : { ca: certificates }),
    ALPNProtocols: ['http/1.1'],
  }).on('session', (session) => (tlsSession.ticket = session));
}
