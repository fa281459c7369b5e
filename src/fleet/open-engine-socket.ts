import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { onAbort } from '../abort.ts';
import { isCertificateCode } from '../certificate-codes.ts';
import { FleetFailure } from '../circuit/fleet-store.ts';
import type { FleetTarget } from './fleet-url.ts';
import { resolveHost } from './resolve-host.ts';

/**
 * A connected socket, with TLS where the target has it. Its addresses are tried one after the other.
 * @param signal destroys whatever is under way
 * @throws FleetFailure
 */
export async function openEngineSocket(target: FleetTarget, signal: AbortSignal): Promise<Socket> {
  let failure: unknown = null;
  for await (const address of resolveHost(target.host, { signal })) {
    signal.throwIfAborted();
    try {
      const socket = await settle(connectTcp({ host: address, port: target.port, noDelay: true }), 'connect', signal);
      return target.tls === null ? socket : await startTls(socket, target, signal);
    } catch (error) {
      // Where nothing listens at one address, that of another one says more.
      if (failure === null || isUnreached(failure)) failure = error;
    }
  }
  throw failure ?? new FleetFailure('host_not_found');
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
