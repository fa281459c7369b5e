import { randomBytes } from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { UnfinishedWork, WorkClaim } from '../../unfinished-work.ts';
import type { Clock } from '../../clock.ts';
import { PARTIAL_SUFFIX } from './file-sink.ts';
import { parseSaved } from './saved-download.ts';

/** The most directories remembered; running transfers write to the latest ones. */
const DIRECTORIES_MAX = 256;

/** Resumable downloads are deleted after 7 days without progress, in ms. */
const ABANDONED_AFTER_MS = 7 * 24 * 3_600_000;

/**
 * Saves where the temporary files of this process are, so that a later process can remove them if this one is killed.
 * Saved by directory, so that a tree of many small files costs next to nothing.
 */
export class PartialFiles {
  readonly #unfinished: UnfinishedWork;
  readonly #tag = randomBytes(6).toString('hex');
  readonly #directories = new Set<string>();
  #files = 0;
  #claim: Promise<WorkClaim | null> | null = null;
  #saving: Promise<void> = Promise.resolve();

  constructor(unfinished: UnfinishedWork) {
    this.#unfinished = unfinished;
  }

  /** The tag for a temporary file in a directory (an absolute path), once the directory is saved. */
  async tagFor(path: string): Promise<string> {
    if (!this.#directories.has(path)) {
      const [oldest] = this.#directories;
      if (oldest !== undefined && this.#directories.size >= DIRECTORIES_MAX) this.#directories.delete(oldest);
      this.#directories.add(path);
      this.#saving = this.#save(this.#saving);
    }
    await this.#saving;
    this.#files += 1;
    return `${this.#tag}-${this.#files}`;
  }

  /** After the last file: removes what was saved. */
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
    await this.#unfinished.save(this.#tag, { kind: 'run', tag: this.#tag, directories: [...this.#directories] });
  }
}

/**
 * Removes what killed processes left, once they are certain to be gone. Never fails.
 * @returns the ids of the downloads that can be resumed
 */
export async function collectLeftovers(unfinished: UnfinishedWork, clock: Clock): Promise<ReadonlySet<string>> {
  const resumable = new Set<string>();
  for (const { id, savedAtMs, document } of await unfinished.list()) {
    const saved = parseSaved(document);
    const isAbandoned = clock.now() - savedAtMs > ABANDONED_AFTER_MS;
    if (saved?.kind === 'download' && !isAbandoned) resumable.add(id);
    if (saved === null || resumable.has(id)) continue;
    // A living process still holds its claim.
    await using claim = await unfinished.claim(id);
    if (claim === null) continue;
    if (saved.kind === 'run') {
      for (const directory of saved.directories) await removeTagged(directory, saved.tag);
    } else if ((await readInode(saved.partialPath)) === saved.inode) {
      await unlink(saved.partialPath).catch(() => undefined);
    }
    await unfinished.remove(id);
  }
  return resumable;
}

async function removeTagged(directory: string, tag: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const ours = names.filter(
    (name) => name.startsWith('.') && name.endsWith(PARTIAL_SUFFIX) && name.includes(`.${tag}-`),
  );
  for (const name of ours) await unlink(join(directory, name)).catch(() => undefined);
}

async function readInode(path: string): Promise<string | null> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found === null ? null : String(found.ino);
}
