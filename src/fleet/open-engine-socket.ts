import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { after, onAbort } from '../abort.ts';
import { isCertificateCode } from '../certificate-codes.ts';
import { FleetFailure } from '../circuit/fleet-store.ts';
import type { Clock } from '../clock.ts';
import type { FleetTarget } from './fleet-url.ts';
import { resolveHost } from './resolve-host.ts';

/**
 * The next address is tried beside one that has not connected after this long, in ms. RFC 8305, section 8, asks for 100 ms
 * or more; all that the engine has by default are 150, and an address where packets are lost never answers.
 */
const NEXT_ADDRESS_MS = 30;

export interface EngineSocketOptions {
  /** Destroys whatever is under way. */
  readonly signal: AbortSignal;
  readonly clock: Pick<Clock, 'sleep'>;
  /** @default as `resolveHost` */
  readonly addressesOf?: (host: string, signal: AbortSignal) => AsyncIterable<string>;
}

/**
 * A connected socket, with TLS where the target has it. Its addresses are tried in turn, the next one as soon as the last
 * one has failed or does not connect: the first that connects wins.
 * @throws FleetFailure
 */
export async function openEngineSocket(target: FleetTarget, options: EngineSocketOptions): Promise<Socket> {
  const { signal, clock, addressesOf = addressesOfSystem } = options;
  const ended = new AbortController();
  using _ending = onAbort(signal, (reason) => ended.abort(reason));
  const won = Promise.withResolvers<Socket>();
  let failure: unknown = null;
  const attempt = async (address: string, connected: () => void): Promise<void> => {
    try {
      const socket = await openAt(address, { target, signal: ended.signal, connected });
      if (ended.signal.aborted) return void socket.destroy();
      won.resolve(socket);
      ended.abort();
    } catch (error) {
      // Where nothing listens at one address, that of another one says more.
      if (failure === null || isUnreached(failure)) failure = error;
    }
  };
  const tryAll = async (): Promise<never> => {
    const attempts: Promise<void>[] = [];
    for await (const address of addressesOf(target.host, ended.signal)) {
      ended.signal.throwIfAborted();
      const { promise: silent, resolve: goOn } = Promise.withResolvers<void>();
      using patience = after(clock, NEXT_ADDRESS_MS, goOn);
      // One that has connected has the engine's time for TLS.
      const attempted = attempt(address, () => patience[Symbol.dispose]());
      attempts.push(attempted);
      await Promise.race([attempted, silent]);
    }
    await Promise.all(attempts);
    throw failure ?? new FleetFailure('host_not_found');
  };
  return await Promise.race([won.promise, tryAll()]);
}

function addressesOfSystem(host: string, signal: AbortSignal): AsyncIterable<string> {
  return resolveHost(host, { signal });
}

interface Opening {
  readonly target: FleetTarget;
  readonly signal: AbortSignal;
  /** Called once a connection stands, before TLS. */
  readonly connected: () => void;
}

async function openAt(address: string, { target, signal, connected }: Opening): Promise<Socket> {
  const socket = await settle(connectTcp({ host: address, port: target.port, noDelay: true }), 'connect', signal);
  connected();
  return target.tls === null ? socket : await startTls(socket, target, signal);
}

function isUnreached(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'connect';
}

async function startTls(socket: Socket, { host, tls }: FleetTarget, signal: AbortSignal): Promise<Socket> {
  const named = isIP(host) === 0 ? { servername: host } : {};
  const certificates = tls?.certificates ?? null;
  const ca = certificates === null ? {} : { ca: certificates };
  try {
    return await settle(connectTls({ socket, host, ...named, ...ca }), 'secureConnect', signal);
  } catch (error) {
    socket.destroy();
    const isTrust = error instanceof Error && 'code' in error && isCertificateCode(String(error.code));
    throw isTrust ? new FleetFailure('not_trusted', { cause: error }) : error;
  }
}

/** Waits for a socket's event. Destroys the socket if it fails, closes, or the signal aborts. */
async function settle(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  using _listening = onAbort(signal, reject);
  socket.once(event, resolve);
  socket.once('error', reject);
  socket.once('close', () => reject(new FleetFailure('connection_closed')));
  try {
    await promise;
    // An error after this is the client's to hear; without any listener it would end the process.
    socket.on('error', () => undefined);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
