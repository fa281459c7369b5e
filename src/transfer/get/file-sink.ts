import { unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ByteSpan } from '../../s3/download/missing-ranges.ts';
import type { FileTarget } from '../../s3/download/download-request.ts';
import { makeDirectory } from '../../files/make-directory.ts';
import { BreakwaterError } from '../../errors.ts';
import type { WorkClaim } from '../../unfinished-work.ts';
import { keepPermissionsOf } from './keep-permissions.ts';
import { dropBytes } from './drop-bytes.ts';
import { findOwnFile, isOwnFile, isPartialOf, type SavedPartial } from './partial-file.ts';
import { partialName } from '../partial-name.ts';
import { cannotCreateError } from './sink.ts';
import { openWritable, type WritableFile } from '../open-file.ts';
import { explainSystemError, readSystemCode } from '../../files/system-error.ts';
import { syncDirectory } from './sync-directory.ts';
import { takeTarget } from './take-target.ts';

/** The most buffers per write (IOV_MAX of Linux and macOS). */
const CHUNKS_MAX = 1024;

export interface FileSinkOptions {
  /** Keep a file that another program has created meanwhile. */
  readonly noClobber: boolean;
  /** Sync the file and its name to disk before `commit` resolves. */
  readonly isSynced: boolean;
  /** A file with the name exists: the new one gets its permissions. @default false */
  readonly isReplacing?: boolean;
  /**
   * The claim on a temporary file that other processes can find; null if they cannot. Once the claim is lost, the file
   * is neither written nor renamed nor removed.
   */
  readonly claim: Pick<WorkClaim, 'isOurs' | 'confirm'> | null;
}

/** A temporary file of an earlier run. */
export interface LeftPartial extends SavedPartial {
  readonly covered: readonly ByteSpan[];
}

/** A temporary file beside the target, renamed at the end, so that a download becomes visible only when complete. */
export class FileSink implements FileTarget {
  readonly partialPath: string;
  readonly #path: string;
  readonly #file: WritableFile;
  readonly #options: FileSinkOptions;
  /** The end of the bytes that the file must have. */
  #endBytes: number;
  #isClosed = false;
  /** False once something else has its name. */
  #isThere = true;

  private constructor(
    path: string,
    partial: { readonly path: string; readonly file: WritableFile; readonly endBytes: number },
    options: FileSinkOptions,
  ) {
    this.#path = path;
    this.partialPath = partial.path;
    this.#file = partial.file;
    this.#endBytes = partial.endBytes;
    this.#options = options;
  }

  /**
   * Creates the temporary file, and its missing parent directories.
   * @param tag part of the temporary name, to find the file again
   * @param sizeBytes expected size; null if unknown
   * @param directory of the temporary file, if not the target's; its bytes are then copied into the target
   */
  static async create(
    path: string,
    {
      tag,
      sizeBytes,
      directory = dirname(path),
      ...options
    }: FileSinkOptions & { tag: string; sizeBytes: number | null; directory?: string },
  ): Promise<FileSink> {
    const partialPath = join(directory, partialName(basename(path), tag));
    try {
      const isPrivate = directory !== dirname(path) || options.isReplacing === true;
      const file = await createFile(partialPath, { sizeBytes, isPrivate });
      return new FileSink(path, { path: partialPath, file, endBytes: 0 }, options);
    } catch (error) {
      throw cannotCreateError(path, explainSystemError(error) ?? 'unknown error', error);
    }
  }

  /** Opens the temporary file of an earlier run; null if it is not ours, or lacks written bytes. */
  static async reopen(path: string, left: LeftPartial, options: FileSinkOptions): Promise<FileSink | null> {
    if (!isPartialOf(path, left)) return null;
    const before = await findOwnFile(left.partialPath);
    // Opened only if it is a regular file, because a pipe would wait for a reader.
    const file = before === null || before === 'unreadable' ? null : await openExisting(left.partialPath);
    if (file === null) return null;
    const facts = await file.stat();
    const end = left.covered.reduce((last, span) => Math.max(last, span.end), 0);
    if (isOwnFile(facts) && String(facts.ino) === left.inode && facts.size >= end) {
      return new FileSink(path, { path: left.partialPath, file, endBytes: end }, options);
    }
    await file.close();
    return null;
  }

  /** Called after each write. */
  onWritten: NonNullable<FileTarget['onWritten']> = () => undefined;

  get descriptor(): number {
    return this.#file.descriptor;
  }

  async readInode(): Promise<string> {
    return String((await this.#file.stat()).ino);
  }

  readonly writeAt: FileTarget['writeAt'] = async (chunks, offset, release) => {
    this.#assertOurs(this.#options.claim?.isOurs());
    try {
      let at = offset;
      let left = chunks;
      while (left.length > 0) {
        const bytesWritten = await this.#file.write(left.slice(0, CHUNKS_MAX), at);
        at += bytesWritten;
        left = dropBytes(left, bytesWritten);
      }
      this.#endBytes = Math.max(this.#endBytes, at);
    } catch (error) {
      throw cannotWriteError(this.#path, error);
    }
    release(chunks);
  };

  readonly ready = async (): Promise<void> => {};

  readonly readBack = async (buffer: Uint8Array, offset: number): Promise<number> => {
    try {
      return await this.#file.read(buffer, offset);
    } catch (error) {
      throw cannotWriteError(this.#path, error);
    }
  };

  readonly restart = async (): Promise<void> => {
    this.#assertOurs(this.#options.claim?.confirm());
    await this.#file.truncate();
    this.#endBytes = 0;
  };

  readonly commit = async (modifiedMs: number | null): Promise<void> => {
    this.#assertOurs(this.#options.claim?.confirm());
    try {
      if (this.#options.isReplacing === true)
        keepPermissionsOf(this.#path, { path: this.partialPath, fd: this.#file.descriptor });
      // Before the rename, so that the name never appears without its bytes.
      if (this.#options.isSynced) await this.#file.sync();
      if (modifiedMs !== null) await this.#file.setTime(modifiedMs / 1000);
      await this.#assertUntouched();
      await this.close();
      const { rename } = this.#file;
      await takeTarget({ from: this.partialPath, to: this.#path }, { ...this.#options, modifiedMs, rename });
      if (this.#options.isSynced) await syncDirectory(dirname(this.#path));
    } catch (error) {
      await this.discard();
      throw error instanceof BreakwaterError ? error : cannotWriteError(this.#path, error);
    }
  };

  readonly discard = async (): Promise<void> => {
    // Best effort, because the earlier error is the one to report.
    await this.close().catch(() => undefined);
    if (this.#isThere && this.#options.claim?.confirm() !== false)
      await unlink(this.partialPath).catch(() => undefined);
  };

  /** What another program has put in its place, or cut, was never verified. */
  async #assertUntouched(): Promise<void> {
    const [ours, found] = [await this.#file.stat(), await this.#file.statAt(this.partialPath)];
    this.#isThere = found?.isFile() === true && found.ino === ours.ino;
    if (this.#isThere && ours.size === BigInt(this.#endBytes)) return;
    const directory = dirname(this.partialPath);
    if ((await this.#file.statAt(directory)) === null) {
      throw new BreakwaterError('local_io', `cannot write ${this.#path}: ${directory} was removed or renamed`, {
        details: { hint: 'run the command again' },
      });
    }
    const what = this.#isThere ? 'changed the size of' : found === null ? 'removed' : 'replaced';
    throw new BreakwaterError(
      'local_io',
      `cannot write ${this.#path}: another program has ${what} its temporary file`,
      {
        details: { hint: 'run the command again, and leave files that end with .breakwater-part alone' },
      },
    );
  }

  #assertOurs(isOurs = true): void {
    if (isOurs) return;
    throw new BreakwaterError('locked', `${this.#path}: another process has taken over this download`, {
      details: {
        reason: 'taken_over',
        hint: 'that process is fetching the rest: wait for it, or run the command again',
      },
    });
  }

  /** Closes the temporary file without removing it. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.close();
  }
}

/** Exclusive, because an existing file with this random name is not ours. Creates directories only if opening fails. */
async function createFile(
  path: string,
  facts: { readonly sizeBytes: number | null; readonly isPrivate: boolean },
): Promise<WritableFile> {
  const how = { flags: 'wx+', ...facts } as const;
  try {
    return await openWritable(path, how);
  } catch (error) {
    if (readSystemCode(error) !== 'ENOENT') throw error;
    makeDirectory(dirname(path));
    return await openWritable(path, how);
  }
}

/** Null if it cannot be opened. */
async function openExisting(path: string): Promise<WritableFile | null> {
  try {
    return await openWritable(path, { flags: 'r+', sizeBytes: null });
  } catch {
    return null;
  }
}

function cannotWriteError(path: string, error: unknown): BreakwaterError {
  return new BreakwaterError('local_io', `cannot write ${path}: ${explainSystemError(error) ?? 'unknown error'}`, {
    cause: error,
    details: { hint: 'check the free space and the permissions there' },
  });
}
