import type { BreakwaterError } from '../../errors.ts';
import { lostError } from './lost-output.ts';
import type { Screens } from './output.ts';
import { isTerminal, writeAtOnce } from './write-at-once.ts';

const DESCRIPTORS = { stdout: 1, stderr: 2 } as const;

type Name = keyof typeof DESCRIPTORS;

/**
 * The standard streams of this process. Each is opened when it is first used, because Node takes 2 to 4 ms to load them.
 * A failed write is noted, as on a full disk, and never thrown.
 */
class ProcessStreams implements Screens {
  readonly #opened = new Set<NodeJS.WriteStream>();
  /** Destroyed streams, which are not drained. Node hides it: the streams of a process can be written again. */
  readonly #destroyed = new Set<NodeJS.WriteStream>();
  #lost: BreakwaterError | null = null;

  get stdin(): NodeJS.ReadStream {
    return process.stdin;
  }

  get stdout(): typeof process.stdout {
    return this.#open('stdout');
  }

  get stderr(): typeof process.stderr {
    return this.#open('stderr');
  }

  readonly terminals = {
    get stdout() {
      return isTerminal(DESCRIPTORS.stdout);
    },
    get stderr() {
      return isTerminal(DESCRIPTORS.stderr);
    },
  };

  readonly write = (name: Name, text: string): void => {
    // What an open stream still holds must come first.
    if (this.#opened.size > 0 || !this.#writeAtOnce(name, text)) this.#open(name).write(text);
  };

  /** The first failure to write; null if there was none. A reader that closed its pipe has read enough: no failure. */
  get lost(): BreakwaterError | null {
    return this.#lost;
  }

  /** For libraries that write to `process.stdout` and `process.stderr`: from now on, failed writes are noted. */
  open(): void {
    this.#open('stdout');
    this.#open('stderr');
  }

  /** Waits until all output is written, its pipe is closed, or its stream was destroyed. */
  async drain(): Promise<void> {
    await Promise.all([...this.#opened].filter((stream) => !this.#destroyed.has(stream)).map(drain));
  }

  #writeAtOnce(name: Name, text: string): boolean {
    try {
      return writeAtOnce(DESCRIPTORS[name], text);
    } catch (error) {
      this.#lost ??= lostError(error, name);
      return true;
    }
  }

  #open<N extends Name>(name: N): (typeof process)[N] {
    const stream = process[name];
    if (this.#opened.has(stream)) return stream;
    this.#opened.add(stream);
    stream.once('close', () => this.#destroyed.add(stream));
    stream.on('error', (error: Error) => {
      this.#lost ??= lostError(error, name);
    });
    return stream;
  }
}

/** Each process has them once. */
export const processStreams = new ProcessStreams();

async function drain(stream: NodeJS.WriteStream): Promise<void> {
  // A write that has failed reports it in the next turn.
  if (!stream.writable || stream.writableLength === 0) return await new Promise((resolve) => setImmediate(resolve));
  await new Promise<void>((resolve) => {
    stream.once('error', () => resolve());
    stream.once('close', () => resolve());
    stream.write('', () => resolve());
  });
}
