import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { BreakwaterError } from '../../errors.ts';
import type { StreamTarget } from '../../s3/download/download-request.ts';
import type { LocalSink } from './sink.ts';
import { readSystemCode } from '../local-errors.ts';

/** Writes a download into a pipe or device, in order and no faster than it is read. What is written cannot be taken back. */
export class StreamSink implements LocalSink, StreamTarget {
  readonly #name: string;
  readonly #stream: Writable;
  readonly #isOurs: boolean;

  private constructor(name: string, stream: Writable, { isOurs }: { isOurs: boolean }) {
    this.#name = name;
    this.#stream = stream;
    this.#isOurs = isOurs;
    // Each write reports its own error; without a listener the stream would report it once more, as a crash.
    stream.on('error', () => undefined);
  }

  /** Standard output: it stays open, because it is not ours to end. */
  static toStandardOutput(stream: Writable): StreamSink {
    return new StreamSink('standard output', stream, { isOurs: false });
  }

  /** A named pipe or a device that is there already. */
  static toDevice(path: string): StreamSink {
    return new StreamSink(path, createWriteStream(path, { flags: 'r+' }), { isOurs: true });
  }

  get target(): StreamTarget {
    return this;
  }

  readonly write = async (bytes: Uint8Array): Promise<void> => {
    try {
      await writeToStream(this.#stream, bytes);
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
  };

  readonly commit = async (): Promise<void> => {
    if (this.#isOurs) await new Promise<void>((resolve) => this.#stream.end(resolve));
  };

  readonly discard = async (): Promise<void> => {
    await this.commit();
  };
}

/** The reason of an `interrupted` that is no error: the reader had enough, as in `| head`. */
export const CLOSED_PIPE = 'closed_pipe';

async function writeToStream(stream: Writable, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // The callback waits until the bytes have been taken: backpressure and errors in one place.
    stream.write(bytes, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  });
}
