import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { BreakwaterError } from '../errors.ts';
import { readSystemCode } from './system-error.ts';

/** Bytes to upload, and what is known of them before they are read. */
export interface LocalSource extends AsyncDisposable {
  /** For messages: the path, or `standard input`. */
  readonly name: string;
  /** Null where only reading tells. */
  readonly sizeBytes: number | null;
  /** Reads once, from the start. @throws BreakwaterError `source_changed` or `local_io` */
  readonly read: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
}

/** Bytes read from a file at a time. */
const READ_BYTES = 1024 * 1024;

/**
 * Opens a file for upload. Only regular files: a directory, socket or pipe would hang or send nonsense.
 * @throws BreakwaterError `not_found`, `local_io` (not readable), `usage` (not a regular file)
 */
export async function openFileSource(path: string): Promise<LocalSource> {
  try {
    const facts = await stat(path);
    if (facts.isDirectory()) {
      throw new BreakwaterError('usage', `${path} is a directory`, { details: { hint: 'send a directory with -r' } });
    }
    if (!facts.isFile()) {
      throw new BreakwaterError('usage', `${path} is not a regular file`, {
        details: { hint: 'send a pipe or a device through standard input: breakwater put - s3://...' },
      });
    }
    // NONBLOCK: should the path have become a pipe since, opening it must not wait for a writer.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return new FileSource(path, file, facts);
  } catch (error) {
    throw error instanceof BreakwaterError ? error : describeUnreadable(path, error);
  }
}

interface FileFacts {
  readonly size: number;
  readonly mtimeMs: number;
}

class FileSource implements LocalSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly #file: FileHandle;
  readonly #before: FileFacts;

  constructor(name: string, file: FileHandle, before: FileFacts) {
    this.name = name;
    this.sizeBytes = before.size;
    this.#file = file;
    this.#before = before;
  }

  async *read(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let offset = 0;
    for (;;) {
      signal.throwIfAborted();
      const bytes = await this.#readAt(offset);
      offset += bytes.byteLength;
      if (offset > this.sizeBytes) break;
      if (bytes.byteLength === 0) break;
      yield bytes;
    }
    // Checked before the last request is sent: an object that mixes two versions of a file must never be completed.
    const after = await this.#file.stat();
    if (offset !== this.sizeBytes || after.size !== this.#before.size || after.mtimeMs !== this.#before.mtimeMs) {
      throw new BreakwaterError('source_changed', `${this.name} changed while it was sent`, {
        details: { hint: 'nothing was stored: run the command again when the file is no longer written to' },
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #readAt(offset: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    try {
      const { bytesRead } = await this.#file.read(buffer, 0, READ_BYTES, offset);
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      throw describeUnreadable(this.name, error);
    }
  }
}

/** Standard input as a source: of unknown length, read until its end. */
export function streamSource(name: string, stream: Readable, { maxBytes }: { maxBytes: number }): LocalSource {
  return {
    name,
    sizeBytes: null,
    read: (signal) => readStream(name, stream, { signal, maxBytes }),
    [Symbol.asyncDispose]: async () => {
      stream.destroy();
      await Promise.resolve();
    },
  };
}

async function* readStream(
  name: string,
  stream: Readable,
  { signal, maxBytes }: { signal: AbortSignal; maxBytes: number },
): AsyncGenerator<Uint8Array> {
  let total = 0;
  try {
    // Without it a stream that says nothing would keep an interrupted command waiting.
    for await (const chunk of addAbortSignal(signal, stream)) {
      const bytes: Uint8Array = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      total += bytes.byteLength;
      if (total > maxBytes) {
        throw new BreakwaterError(
          'usage',
          `${name} is longer than ${maxBytes} bytes, the most that 10,000 parts hold`,
          {
            details: { hint: 'choose larger parts with --part-size' },
          },
        );
      }
      yield bytes;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof BreakwaterError ? error : describeUnreadable(name, error);
  }
}

function describeUnreadable(path: string, error: unknown): BreakwaterError {
  const code = readSystemCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new BreakwaterError('not_found', `${path} does not exist`, {
      cause: error,
      details: { hint: 'check the path' },
    });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new BreakwaterError('local_io', `cannot read ${path}: permission denied`, {
      cause: error,
      details: { hint: 'check its permissions and those of the directories above it' },
    });
  }
  return new BreakwaterError('local_io', `cannot read ${path}: ${code ?? 'unknown error'}`, { cause: error });
}
