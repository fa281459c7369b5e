import { isIP, connect as connectTcp, type OnReadOpts, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { TransferFault } from '../retry/transfer-fault.ts';

/** Before the first keep-alive probe of the system, in ms: as long as undici waits. */
const KEEP_ALIVE_MS = 60_000;

/** Port of a URL that names none. */
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

export interface SocketOptions {
  readonly clock: Clock;
  /** Name look-up, TCP and TLS together, in ms. */
  readonly connectTimeoutMs: number;
  /** Certificate authorities in PEM that are trusted instead of those that Node knows; null for those. */
  readonly certificates: string | null;
  readonly onread: OnReadOpts;
  readonly tlsSession: TlsSession;
  /** Gives the attempt up. */
  readonly signal: AbortSignal;
}

/** The last TLS session with an origin: the next connection saves a part of the handshake by it (RFC 8446, section 2.2). */
export interface TlsSession {
  ticket: Buffer | undefined;
}

/**
 * Connects to `origin` (`https://host:port`). An 'error' of the socket later on is its caller's to see.
 * @throws what the system or TLS says; TransferFault `connect_timeout`, or `connection_closed` where it was given up
 */
export async function openSocket(origin: URL, options: SocketOptions): Promise<Socket> {
  const { clock, connectTimeoutMs, signal } = options;
  const isTls = origin.protocol === 'https:';
  const socket = isTls ? await connectOverTls(origin, options) : connectTcp(peerOf(origin, options));
  // Without a listener an error would end the process.
  socket
    .setKeepAlive(true, KEEP_ALIVE_MS)
    .setNoDelay(true)
    .on('error', () => undefined);
  const settled = new AbortController();
  const giveUp = (): unknown => socket.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  clock.sleep(connectTimeoutMs, settled.signal).then(
    () => socket.destroy(new TransferFault('connect_timeout', `no connection within ${connectTimeoutMs} ms`)),
    () => undefined,
  );
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(isTls ? 'secureConnect' : 'connect', resolve).once('error', reject);
      socket.once('close', () => reject(new TransferFault('connection_closed', 'the connection was closed')));
    });
    return socket;
  } finally {
    settled.abort();
    signal.removeEventListener('abort', giveUp);
  }
}

interface Peer {
  readonly host: string;
  readonly port: number;
  readonly onread: OnReadOpts;
}

function peerOf({ hostname, port, protocol }: URL, { onread }: Pick<SocketOptions, 'onread'>): Peer {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: port === '' ? (PORTS[protocol] ?? 0) : Number(port), onread };
}

async function connectOverTls(origin: URL, options: SocketOptions): Promise<Socket> {
  const { tlsSession, certificates } = options;
  const peer = peerOf(origin, options);
  // A tenth of the time to start: who uses plain HTTP, or only sends, does not wait for it.
  const { connect } = await import('node:tls');
  return connect({
    ...peer,
    // An address is no name to ask a server for.
    ...(isIP(peer.host) === 0 ? { servername: peer.host } : {}),
    ...(tlsSession.ticket === undefined ? {} : { session: tlsSession.ticket }),
    ...(certificates === null ? {} : { ca: certificates }),
    ALPNProtocols: ['http/1.1'],
  }).on('session', (session) => (tlsSession.ticket = session));
}
