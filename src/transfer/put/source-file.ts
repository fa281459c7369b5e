import { closeSync, constants, fstatSync, openSync, readSync, statSync, type BigIntStats } from 'node:fs';
import type { UploadSource } from '../../s3/upload/upload-request.ts';
import { BreakwaterError } from '../../errors.ts';
import { isSmall, readFile } from '../open-file.ts';
import { readError } from '../local-errors.ts';

/** Identifies a file with unchanged bytes, as far as the system can tell. */
export interface FileIdentity {
  readonly sizeBytes: number;
  /** Nanoseconds since the Unix epoch; text, because they exceed a safe integer. */
  readonly mtimeNs: string;
  /** Inode number; text for the same reason. */
  readonly inode: string;
}

/** An open file to upload. */
export interface LocalFile extends UploadSource, Disposable {
  readonly path: string;
  readonly identity: FileIdentity;
  /** When it last changed on the system's clock, in ms, even if only its modification time was set. */
  readonly changedMs: number;
}

/**
 * Opens a file for upload. Accepts only regular files, because a directory, socket or pipe would hang or send nonsense.
 * Refuses a file that does not end where its size says, such as those below /proc and /sys.
 * @throws BreakwaterError `not_found`, `local_io` (not readable), `usage` (not a regular file)
 */
export function openLocalFile(path: string, { isKnown = false, isReadWhole = false }: HowToOpen = {}): LocalFile {
  try {
    // Checked before opening, because opening a device may have side effects.
    if (!isKnown) refuseIrregular(path, statSync(path, { bigint: true }));
    // NONBLOCK, because the path may have become a pipe, and opening it must not wait for a writer.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const facts = fstatSync(fd, { bigint: true });
      refuseIrregular(path, facts);
      const file = new OpenFile(path, { fd, facts, isReadWhole });
      // A small one of a tree is about to be read whole, which checks its end.
      if (file.readWhole === null) file.checkEnd();
      return file;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  } catch (error) {
    throw error instanceof BreakwaterError ? error : readError(path, error);
  }
}

interface HowToOpen {
  /** Whether the directory has just listed it as a regular file, so that it need not be checked first. @default false */
  readonly isKnown?: boolean;
  /** Whether it will be read with `readWhole` if it is small, so that its end need not be checked first. @default false */
  readonly isReadWhole?: boolean;
}

function refuseIrregular(path: string, facts: BigIntStats): void {
  if (facts.isFile()) return;
  if (facts.isDirectory()) {
    throw new BreakwaterError('usage', `${path} is a directory`, { details: { hint: 'send a directory with -r' } });
  }
  throw new BreakwaterError('usage', `${path} is not a regular file`, {
    details: { hint: 'send a pipe or a device through standard input: breakwater put - s3://...' },
  });
}

interface OpenFileOptions {
  readonly fd: number;
  readonly facts: BigIntStats;
  readonly isReadWhole: boolean;
}

class OpenFile implements LocalFile {
  readonly path: string;
  readonly identity: FileIdentity;
  readonly changedMs: number;
  readonly readWhole: ((memory: Buffer) => Uint8Array) | null;
  readonly #fd: number;
  readonly #before: BigIntStats;

  constructor(path: string, { fd, facts: before, isReadWhole }: OpenFileOptions) {
    this.path = path;
    this.identity = {
      sizeBytes: Number(before.size),
      mtimeNs: String(before.mtimeNs),
      inode: String(before.ino),
    };
    this.changedMs = Number(before.ctimeMs);
    this.#fd = fd;
    this.#before = before;
    const isWhole = isReadWhole && isSmall(this.identity.sizeBytes);
    this.readWhole = isWhole ? (memory) => this.#readWhole(memory) : null;
  }

  #readWhole(memory: Buffer): Uint8Array {
    const { sizeBytes } = this.identity;
    const found = this.#readBeyondEnd(memory);
    if (found !== sizeBytes) throw this.#endError(found > sizeBytes ? 'more' : 'fewer');
    this.#confirmUnwritten();
    return memory.subarray(0, sizeBytes);
  }

  async readAt(buffer: Uint8Array, offset: number): Promise<void> {
    let filled = 0;
    while (filled < buffer.byteLength) {
      const bytesRead = await this.#read(buffer.subarray(filled), offset + filled);
      if (bytesRead === 0) throw this.#endError('fewer');
      filled += bytesRead;
    }
  }

  /** Checks that the path still leads to the open file, and that nobody has written to it. */
  confirm(): void {
    this.#confirmUnwritten();
    this.checkEnd();
  }

  #confirmUnwritten(): void {
    const now = statAgain(this.path);
    const before = this.#before;
    if (now === null) throw changedError(this.path, 'is gone');
    if (now.ino !== before.ino || now.dev !== before.dev) throw changedError(this.path, 'was replaced');
    if (isWritten(before, now)) throw changedError(this.path, 'was written to');
  }

  /** Checks that the file ends where its size says, with one read. @throws BreakwaterError `local_io` */
  checkEnd(): void {
    const { sizeBytes } = this.identity;
    const expected = Math.min(1, sizeBytes);
    const found = this.#readAround(sizeBytes - expected);
    if (found !== expected) throw this.#endError(found > expected ? 'more' : 'fewer');
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #endError(how: 'more' | 'fewer'): BreakwaterError {
    const hasChanged = isWritten(this.#before, fstatSync(this.#fd, { bigint: true }));
    if (!hasChanged) return sizeError(this.path, how);
    return changedError(this.path, how === 'fewer' ? 'is shorter than it was' : 'was written to');
  }

  /** Reads from the start of the file, and one byte more than its size if there is one. @returns how many there were */
  #readBeyondEnd(buffer: Uint8Array): number {
    const { sizeBytes } = this.identity;
    try {
      let filled = 0;
      for (;;) {
        const bytesRead = readSync(this.#fd, buffer, filled, sizeBytes + 1 - filled, filled);
        filled += bytesRead;
        if (bytesRead === 0 || filled >= sizeBytes) return filled;
      }
    } catch (error) {
      throw readError(this.path, error);
    }
  }

  /** How many of two bytes there are. */
  #readAround(offset: number): number {
    try {
      return readSync(this.#fd, new Uint8Array(2), 0, 2, offset);
    } catch (error) {
      throw readError(this.path, error);
    }
  }

  async #read(buffer: Uint8Array, at: number): Promise<number> {
    try {
      return await readFile(this.#fd, { buffer, at, sizeBytes: this.identity.sizeBytes });
    } catch (error) {
      throw readError(this.path, error);
    }
  }
}

function isWritten(before: BigIntStats, now: BigIntStats): boolean {
  // Some programs restore the time of modification after they have written; nobody can restore the ctime.
  return now.size !== before.size || now.mtimeNs !== before.mtimeNs || now.ctimeNs !== before.ctimeNs;
}

function statAgain(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return null;
  }
}

function changedError(path: string, how: string): BreakwaterError {
  return new BreakwaterError('source_changed', `${path} changed while it was sent: it ${how}`, {
    details: { hint: 'nothing was stored: run the command again when the file is no longer written to' },
  });
}

/** Files of the kernel, and of some network file systems, have another length than their size says. */
function sizeError(path: string, how: 'more' | 'fewer'): BreakwaterError {
  return new BreakwaterError('local_io', `cannot send ${path}: it has ${how} bytes than its size says`, {
    details: { reason: 'wrong_size', hint: 'send it through standard input: breakwater put - s3://... < FILE' },
  });
}
