import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { BreakwaterError } from '../errors.ts';
import type { LocalSink } from './local-sink.ts';
import { readSystemCode } from './system-error.ts';

/** Marks the temporary names of downloads, so that a later run can tell what a killed one has left. */
export const PARTIAL_SUFFIX = '.breakwater-part';

/** Longest file name that common file systems take, in bytes. */
const NAME_BYTES_MAX = 255;

/**
 * Checks, before S3 is asked, that a file can be created at `path`: no directory is there, and the nearest existing
 * directory above can be written to. Creates nothing.
 * @throws BreakwaterError `local_create`
 */
export async function checkTarget(path: string): Promise<'absent' | 'file' | 'stream'> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true) throw describeUncreatable(path, 'there is a directory of that name');
  // A pipe or a device is written to, never replaced: `get s3://b/k /dev/null` must not eat /dev/null.
  if (found !== null && !found.isFile()) return 'stream';
  let above = dirname(resolve(path));
  while ((await stat(above).catch(() => null)) === null && above !== dirname(above)) above = dirname(above);
  try {
    await access(above, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw describeUncreatable(path, `no permission to write in ${above}`, error);
  }
  if (!(await stat(above)).isDirectory()) throw describeUncreatable(path, `${above} is not a directory`);
  return found === null ? 'absent' : 'file';
}

/** A download that becomes visible only when it is whole: a temporary file beside its target, renamed at the end. */
export class FileSink implements LocalSink {
  readonly #path: string;
  readonly #partialPath: string;
  readonly #file: FileHandle;
  #offset = 0;
  #isClosed = false;

  private constructor(path: string, partialPath: string, file: FileHandle) {
    this.#path = path;
    this.#partialPath = partialPath;
    this.#file = file;
  }

  /** Creates the temporary file, and the directories above it where they are missing. */
  static async create(path: string): Promise<FileSink> {
    const partialPath = join(dirname(path), partialName(basename(path)));
    try {
      await mkdir(dirname(path), { recursive: true });
      // Exclusive: whatever stands there under a random name is not ours.
      return new FileSink(path, partialPath, await open(partialPath, 'wx'));
    } catch (error) {
      throw describeUncreatable(path, readSystemCode(error) ?? 'unknown error', error);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    let written = 0;
    try {
      while (written < bytes.byteLength) {
        const { bytesWritten } = await this.#file.write(bytes, written, bytes.byteLength - written, this.#offset);
        written += bytesWritten;
        this.#offset += bytesWritten;
      }
    } catch (error) {
      throw describeUnwritable(this.#path, error);
    }
  }

  async restart(): Promise<boolean> {
    await this.#file.truncate(0);
    this.#offset = 0;
    return true;
  }

  /** Puts the whole file in its place. */
  async commit(): Promise<void> {
    try {
      await this.#close();
      await rename(this.#partialPath, this.#path);
    } catch (error) {
      await this.discard();
      throw describeUnwritable(this.#path, error);
    }
  }

  /** Removes what has been written; the target stays as it was. */
  async discard(): Promise<void> {
    // Best effort: the error that led here is the one to report.
    await this.#close().catch(() => undefined);
    await unlink(this.#partialPath).catch(() => undefined);
  }

  async #close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.close();
  }
}

function partialName(name: string): string {
  const tag = `.${randomBytes(6).toString('hex')}${PARTIAL_SUFFIX}`;
  // A long name is cut, by bytes, so that the temporary name fits too.
  const stem = Buffer.from(name)
    .subarray(0, NAME_BYTES_MAX - tag.length - 1)
    .toString('utf8')
    .replaceAll('\uFFFD', '');
  return `.${stem}${tag}`;
}

function describeUncreatable(path: string, why: string, cause?: unknown): BreakwaterError {
  return new BreakwaterError('local_create', `cannot create ${path}: ${why}`, {
    cause,
    details: { hint: 'choose another destination, or check its permissions' },
  });
}

function describeUnwritable(path: string, error: unknown): BreakwaterError {
  return new BreakwaterError('local_io', `cannot write ${path}: ${readSystemCode(error) ?? 'unknown error'}`, {
    cause: error,
    details: { hint: 'check the free space and the permissions there' },
  });
}
