import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { UnfinishedWork, WorkClaim } from '../../unfinished-work.ts';
import type { Clock } from '../../clock.ts';
import { readSystemCode } from '../../files/system-error.ts';
import { findOwnFile, removeFile, removePartial } from './partial-file.ts';
import { readTag } from '../partial-name.ts';
import { parseSaved, type SavedRun } from './saved-download.ts';

/** The most directories to remember, unless more are in use; the transfers in flight bound those. */
const DIRECTORIES_MAX = 256;

/** Resumable downloads are deleted after 7 days without progress, in ms. */
const ABANDONED_AFTER_MS = 7 * 24 * 3_600_000;

/** Unreadable records are kept for 30 days, in ms, for the other version of the program that may have saved them. */
const UNREADABLE_KEPT_MS = 30 * 24 * 3_600_000;

/**
 * Saves the directories of this process's temporary files, so that a later process can remove them if this one is
 * killed. Saving directories instead of files keeps the cost of many small files low.
 */
export class PartialFiles {
  readonly #unfinished: UnfinishedWork;
  readonly #tag = randomBytes(6).toString('hex');
  /** How many files are being written, by directory. */
  readonly #directories = new Map<string, number>();
  /** Those that a later process would find. */
  #saved: ReadonlySet<string> = new Set();
  #files = 0;
  #claim: Promise<WorkClaim | null> | null = null;
  #saving: Promise<void> = Promise.resolve();

  constructor(unfinished: UnfinishedWork) {
    this.#unfinished = unfinished;
  }

  /** The tag for a temporary file in a directory (an absolute path); saves the directory first. */
  async tagFor(path: string): Promise<string> {
    const files = this.#directories.get(path);
    if (files === undefined && this.#directories.size >= DIRECTORIES_MAX) this.#dropIdle();
    this.#directories.set(path, (files ?? 0) + 1);
    if (files === undefined) this.#saving = this.#save(this.#saving);
    await this.#saving;
    return this.#nextTag();
  }

  /** The tag for a file that exists in this turn of the event loop only; null if the directory is not saved yet. */
  tagNow(path: string): string | null {
    return this.#saved.has(path) ? this.#nextTag() : null;
  }

  #nextTag(): string {
    this.#files += 1;
    return `${this.#tag}-${this.#files}`;
  }

  /** Call when a file tagged by `tagFor` has been renamed or removed. */
  release(path: string): void {
    this.#directories.set(path, Math.max(0, (this.#directories.get(path) ?? 0) - 1));
  }

  /** Drops the oldest directory not in use. */
  #dropIdle(): void {
    const idle = [...this.#directories].find(([, files]) => files === 0);
    if (idle !== undefined) this.#directories.delete(idle[0]);
  }

  /** Call after the last file. Removes the saved record. */
  async close(): Promise<void> {
    if (this.#claim === null) return;
    await this.#saving;
    await this.#unfinished.remove(this.#tag);
    await (await this.#claim)?.[Symbol.asyncDispose]();
  }

  async #save(before: Promise<void>): Promise<void> {
    await before;
    this.#claim ??= this.#unfinished.claim(this.#tag);
    await this.#claim;
    const directories = [...this.#directories.keys()];
    await this.#unfinished.save(this.#tag, { kind: 'run', tag: this.#tag, directories });
    this.#saved = new Set(directories);
  }
}

/**
 * Removes temporary files of killed processes, and each record once its files are gone. Never fails. Records are
 * outside input, so only files that look like ours are removed.
 * @returns the ids of the downloads that can be resumed
 */
export async function collectLeftovers(unfinished: UnfinishedWork, clock: Clock): Promise<ReadonlySet<string>> {
  const resumable = new Set<string>();
  for (const { id, savedAtMs, document } of await unfinished.list()) {
    const saved = parseSaved(document);
    const isAbandoned = clock.now() - savedAtMs > ABANDONED_AFTER_MS;
    if (saved?.kind === 'download' && !isAbandoned) resumable.add(id);
    if (resumable.has(id)) continue;
    // A run's tag is also its id, under which a living process holds its claim.
    if (saved === null || (saved.kind === 'run' && saved.tag !== id)) {
      if (clock.now() - savedAtMs > UNREADABLE_KEPT_MS) await unfinished.remove(id);
      continue;
    }
    // A living process still holds its claim.
    await using claim = await unfinished.claim(id);
    if (claim === null) continue;
    const isGone = saved.kind === 'run' ? await removeTagged(saved) : await removePartial(saved);
    if (isGone) await unfinished.remove(id);
  }
  return resumable;
}

/** @returns false if any of them may still exist */
async function removeTagged({ directories, tag }: SavedRun): Promise<boolean> {
  let isGone = true;
  for (const directory of directories) {
    for (const name of await listNames(directory)) {
      if (name === null) isGone = false;
      else if (readTag(name) === tag) isGone = (await removeOwn(join(directory, name))) && isGone;
    }
  }
  return isGone;
}

/** The names in a directory; null for those that cannot be read. */
async function listNames(directory: string): Promise<readonly (string | null)[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    const code = readSystemCode(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? [] : [null];
  }
}

async function removeOwn(path: string): Promise<boolean> {
  return (await findOwnFile(path)) === null || (await removeFile(path));
}
