import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { BreakwaterError } from '../../errors.ts';
import type { StreamTarget } from '../../s3/download/download-request.ts';
import type { LocalSink } from './sink.ts';
import { readSystemCode } from '../local-errors.ts';

/** Writes one object to a pipe or device, in order and no faster than it is read. Written bytes cannot be discarded. */
export class StreamOutput implements LocalSink {
  readonly resumePoint = null;
  readonly #name: string;
  readonly #openStream: () => Writable;
  readonly #isOurs: boolean;
  #stream: Writable | null = null;

  private constructor(name: string, openStream: () => Writable, { isOurs }: { isOurs: boolean }) {
    this.#name = name;
    this.#openStream = openStream;
    this.#isOurs = isOurs;
  }

  /** Standard output, which stays open because it is not ours. */
  static toStandardOutput(stream: Writable): StreamOutput {
    return new StreamOutput('standard output', () => stream, { isOurs: false });
  }

  /** An existing named pipe or device. */
  static toDevice(path: string): StreamOutput {
    return new StreamOutput(path, () => createWriteStream(path, { flags: 'r+' }), { isOurs: true });
  }

  async open(): Promise<StreamTarget> {
    const stream = this.#openStream();
    this.#stream = stream;
    // Each write reports its own error; without a listener, the stream's error event would crash the process.
    stream.on('error', () => undefined);
    return await Promise.resolve({ write: (bytes) => this.#write(stream, bytes) });
  }

  async commit(): Promise<void> {
    const stream = this.#isOurs ? this.#stream : null;
    if (stream !== null) await new Promise<void>((resolve) => stream.end(resolve));
  }

  async abandon(error: unknown): Promise<unknown> {
    await this.commit();
    return error;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #write(stream: Writable, bytes: Uint8Array): Promise<void> {
    try {
      await writeToStream(stream, bytes);
    } catch (error) {
      const code = readSystemCode(error);
      if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') {
        throw new BreakwaterError('interrupted', `${this.#name} was closed by its reader`, {
          cause: error,
          details: { reason: CLOSED_PIPE },
        });
      }
      throw new BreakwaterError('local_io', `cannot write to ${this.#name}: ${code ?? 'unknown error'}`, {
        cause: error,
      });
    }
  }
}

/** The reason of an `interrupted` that is not an error: the reader closed the pipe, as in `| head`. */
export const CLOSED_PIPE = 'closed_pipe';

async function writeToStream(stream: Writable, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // The callback runs once the bytes are consumed, which gives backpressure and errors in one place.
    stream.write(bytes, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
}
