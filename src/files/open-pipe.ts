import { constants, openSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../clock.ts';
import { BreakwaterError } from '../errors.ts';

/** The reason of an `interrupted` that is not an error: the reader closed the pipe, as in `| head`. */
const CLOSED_PIPE = 'closed_pipe';

/** Time between two looks for a reader, in ms. */
const LOOK_EVERY_MS = 50;

interface PipeWait {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly signal: AbortSignal;
}

/** Whether a path leads to a pipe, with or without a name. False for what cannot be looked at. */
export async function isPipe(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFIFO() ?? false;
}

/**
 * Opens a named pipe for writing as soon as it has a reader.
 *
 * Without O_NONBLOCK, opening waits in a thread that no signal and no deadline ends, and that keeps the process from
 * exiting; opening for reading too would take the process for its own reader. A socket of libuv writes without threads.
 * @throws the signal's reason; BreakwaterError `interrupted` if it is a pipe without a name, whose reader has gone; the
 * system's error
 */
export async function openPipeToWrite(path: string, { clock, signal }: PipeWait): Promise<Writable> {
  for (;;) {
    signal.throwIfAborted();
    const fd = openIfRead(path);
    if (fd !== null) return new Socket({ fd, readable: false, writable: true });
    if (!(await hasName(path))) throw closedPipeError(path, null);
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

/** Opens a named pipe for reading. Neither opening nor reading blocks a thread while nobody writes. */
export function openPipeToRead(path: string): Readable {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}

export function closedPipeError(name: string, cause: unknown): BreakwaterError {
  const details = { reason: CLOSED_PIPE };
  return new BreakwaterError('interrupted', `${name} was closed by its reader`, { cause, details });
}

/** Null if it has no reader (open(2), ENXIO). */
function openIfRead(path: string): number | null {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENXIO') return null;
    throw error;
  }
}

/** False for `/dev/stdout` of `| head`: nobody else can open that pipe. */
async function hasName(path: string): Promise<boolean> {
  return (await realpath(path).catch(() => null)) !== null;
}
