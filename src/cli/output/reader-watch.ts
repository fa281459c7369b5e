import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Whether anybody still reads an output, known without writing to it. */
export interface ReaderWatch {
  readonly hasReader: () => boolean;
  readonly stop: () => void;
}

/**
 * Watches for the end of the reader of a stream that may have nothing to print for hours: a write would fail with EPIPE,
 * but there is none. What cannot be watched counts as read.
 */
export function watchReader(fd: number): ReaderWatch {
  const pipe = watchPipe(fd);
  return { hasReader: () => pipe.hasReader() && acceptsNothing(fd), stop: pipe.stop };
}

/** Writes no bytes: a socket whose peer has gone, and a terminal that has been closed, refuse even that. */
function acceptsNothing(fd: number): boolean {
  try {
    writeSync(fd, '');
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'EIO'));
  }
}

const UNKNOWN: ReaderWatch = { hasReader: () => true, stop: () => undefined };

/**
 * A pipe accepts an empty write also without a reader, and Node has no poll(2). But Linux reports the end of the last
 * reader to whoever polls the writing end for input (poll(2), POLLERR), and Node's socket does that, if it is handed a
 * handle that does not know it is a pipe. Only on Linux: other systems may refuse to poll.
 */
function watchPipe(fd: number): ReaderWatch {
  try {
    if (process.platform !== 'linux' || !fstatSync(fd).isFIFO()) return UNKNOWN;
    // A descriptor of its own, because the stream polls the other one for output.
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    const handle = openHandle(own);
    if (handle === null) {
      closeSync(own);
      return UNKNOWN;
    }
    return pollForEnd(handle);
  } catch (error) {
    // A named pipe without a reader cannot be opened.
    const isUnread = error instanceof Error && 'code' in error && error.code === 'ENXIO';
    return isUnread ? { ...UNKNOWN, hasReader: () => false } : UNKNOWN;
  }
}

function pollForEnd(handle: object): ReaderWatch {
  let hasReader = true;
  const socket = new Socket({ handle } as object);
  const end = (): void => {
    hasReader = false;
    socket.destroy();
  };
  socket.on('error', end);
  socket.on('end', end);
  socket.resume();
  socket.unref();
  return { hasReader: () => hasReader, stop: () => socket.destroy() };
}

/** A TCP handle of Node for the descriptor; null if this Node makes them in another way. */
function openHandle(fd: number): object | null {
  const socket = new Socket();
  // Creates the handle; nothing is sent, because the socket is closed before it connects.
  socket.on('error', () => undefined);
  socket.connect({ host: '127.0.0.1', port: 1 });
  const made: unknown = Reflect.get(socket, '_handle');
  socket.destroy();
  if (typeof made !== 'object' || made === null) return null;
  const Handle: unknown = made.constructor;
  if (typeof Handle !== 'function') return null;
  const handle: unknown = Reflect.construct(Handle, [0]);
  if (typeof handle !== 'object' || handle === null || !('open' in handle) || typeof handle.open !== 'function')
    return null;
  return handle.open(fd) === 0 ? handle : null;
}
