import type { Socket } from 'node:net';
import { after } from '../abort.ts';
import type { Clock } from '../clock.ts';
import { readFields } from '../read-fields.ts';

/**
 * How long to read from a connection that cannot be written to any more, in ms. What it still holds has already
 * arrived, and is read at once.
 */
const READ_MS = 1000;

/**
 * Lets a connection be read to its end after a write to it has failed. A server that refuses a request before it has
 * read the body answers and closes: the answer has arrived, but Node would discard it with the connection (RFC 9112,
 * section 9.5). The connection then ends with the error of the write.
 */
export function readAfterWriteError(socket: Socket, clock: Clock): void {
  const destroy = socket.destroy.bind(socket);
  let isBroken = false;
  socket.destroy = (error) => {
    if (!isWriteError(error)) return destroy(error);
    if (isBroken) return socket;
    isBroken = true;
    const limit = after(clock, READ_MS, () => destroy(error));
    socket.once('end', () => destroy(error)).once('close', () => limit[Symbol.dispose]());
    return socket;
  };
}

function isWriteError(error: unknown): boolean {
  return error instanceof Error && readFields(error)['syscall'] === 'write';
}
