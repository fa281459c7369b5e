import { createWriteStream } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { onAbort } from '../../abort.ts';
import type { Clock } from '../../clock.ts';
import { BreakwaterError } from '../../errors.ts';
import { closedPipeError, isPipe, openPipeToWrite } from '../../files/open-pipe.ts';
import type { StreamTarget } from '../../s3/download/download-request.ts';
import { cannotCreateError, type LocalSink } from './sink.ts';
import { explainSystemError, readSystemCode } from '../../files/system-error.ts';

/** Writes one object to a pipe or device, in order and no faster than it is read. Written bytes cannot be discarded. */
export class StreamOutput implements LocalSink {
  readonly resumePoint = null;
  readonly #name: string;
  readonly #openStream: () => Writable;
  readonly #isOurs: boolean;
  readonly #signal: AbortSignal;
  #stream: Writable | null = null;

  private constructor(
    name: string,
    openStream: () => Writable,
    { isOurs, signal }: { isOurs: boolean; signal: AbortSignal },
  ) {
    this.#name = name;
    this.#openStream = openStream;
    this.#isOurs = isOurs;
    this.#signal = signal;
  }

  /** Standard output, which stays open because it is not ours. */
  static toStandardOutput(stream: Writable, signal: AbortSignal): StreamOutput {
    return new StreamOutput('standard output', () => stream, { isOurs: false, signal });
  }

  /**
   * An existing named pipe or device. A pipe is opened here, before S3 is asked: its reader may come much later than S3
   * waits.
   * @throws the signal's reason; BreakwaterError `local_create`
   */
  static async toDevice(
    path: string,
    { clock, signal }: { readonly clock: Pick<Clock, 'sleep'>; readonly signal: AbortSignal },
  ): Promise<StreamOutput> {
    if (!(await isPipe(path))) {
      return new StreamOutput(path, () => createWriteStream(path, { flags: 'r+' }), { isOurs: true, signal });
    }
    const pipe = await openPipeToWrite(path, { clock, signal }).catch((error: unknown) => {
      if (error instanceof BreakwaterError) throw error;
      const code = readSystemCode(error);
      throw code === null ? error : cannotCreateError(path, explainSystemError(error) ?? code, error);
    });
    const output = new StreamOutput(path, () => pipe, { isOurs: true, signal });
    await output.open();
    return output;
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
    if (stream === null || stream.destroyed) return;
    // Its bytes are in the pipe, or will not be read.
    if (stream instanceof Socket) stream.destroy();
    else await new Promise<void>((resolve) => stream.end(resolve));
  }

  async abandon(error: unknown): Promise<unknown> {
    // Bytes that a stopped reader has not taken would keep the process from ending. The object is cut off anyway.
    if (this.#signal.aborted) this.#stream?.destroy();
    await this.commit();
    return error;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #write(stream: Writable, bytes: Uint8Array): Promise<void> {
    try {
      await writeToStream(stream, bytes, this.#signal);
    } catch (error) {
      if (this.#signal.aborted) throw this.#signal.reason;
      const code = readSystemCode(error);
      if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') {
        throw closedPipeError(this.#name, error);
      }
      throw new BreakwaterError(
        'local_io',
        `cannot write to ${this.#name}: ${explainSystemError(error) ?? 'unknown error'}`,
        {
          cause: error,
        },
      );
    }
  }
}

/** A reader that never reads more must not outlast the signal. */
async function writeToStream(stream: Writable, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  using _aborted = onAbort(signal, reject);
  // The callback runs once the bytes are consumed, which gives backpressure and errors in one place.
  stream.write(bytes, (error) => (error === null || error === undefined ? resolve() : reject(error)));
  await promise;
}
