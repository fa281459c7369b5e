import { createHash, randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import type { UnfinishedWork, WorkClaim } from '../../unfinished-work.ts';
import type { ByteSpan } from '../../s3/download/missing-ranges.ts';
import type { ObjectFacts, ResumePoint } from '../../s3/download/download-request.ts';
import type { Clock } from '../../clock.ts';
import { FileSink, type FileSinkOptions } from './file-sink.ts';
import { isPartialOf, removePartial } from './partial-file.ts';
import { parseSaved, type SavedDownload } from './saved-download.ts';

/** Smaller objects are fetched again instead of resumed. */
export const RESUMABLE_BYTES_MIN = 64 * 1024 * 1024;

/** How often progress is saved, which limits the loss by a kill: on a slow line, and on a fast one. */
const SAVE_EVERY_MS = 1000;
const SAVE_EVERY_BYTES = 8 * 1024 * 1024;

/** How often the written bytes are counted, in ms; too costly for every write. */
const COUNT_EVERY_MS = 5;

interface ResumableDownloadOptions {
  readonly unfinished: UnfinishedWork;
  readonly clock: Clock;
  readonly path: string;
  readonly sinkOptions: Omit<FileSinkOptions, 'claim'>;
}

interface OpenDownload {
  readonly saved: SavedDownload;
  readonly sink: FileSink;
}

/**
 * A download into a file that a later process can resume. Bytes are recorded only after the write. A power loss can
 * still leave zeros in their place, so they are used only if a checksum can verify them (`fetchFirst`).
 */
export class ResumableDownload implements AsyncDisposable {
  readonly #options: ResumableDownloadOptions;
  readonly #id: string;
  readonly #claim: WorkClaim;
  #found: OpenDownload | null;
  #current: OpenDownload | null = null;
  #covered: () => readonly ByteSpan[] = () => [];
  /** Bytes that a later process will find; 0 if the state does not outlive this process. */
  #storedBytes = 0;
  #savedAtMs = 0;
  #savedBytes = 0;
  #countedAtMs = 0;
  #saving: Promise<void> = Promise.resolve();

  private constructor(
    options: ResumableDownloadOptions,
    { id, claim, found }: { id: string; claim: WorkClaim; found: OpenDownload | null },
  ) {
    this.#options = options;
    this.#id = id;
    this.#claim = claim;
    this.#found = found;
    if (found !== null) this.#storedBytes = countBytes(found.saved.covered);
  }

  /** Finds an earlier run's download; null if there is none, or another process holds it. */
  static async find(id: string, options: ResumableDownloadOptions): Promise<ResumableDownload | null> {
    const saved = parseSaved(await options.unfinished.read(id));
    if (saved?.kind !== 'download') return null;
    const claim = await options.unfinished.claim(id);
    if (claim === null) return null;
    const sink = await FileSink.reopen(options.path, saved, { ...options.sinkOptions, claim });
    if (sink !== null) return new ResumableDownload(options, { id, claim, found: { saved, sink } });
    return await ResumableDownload.#replace(saved, options, { id, claim });
  }

  /** Starts a new one; null if another process holds the claim. */
  static async begin(id: string, options: ResumableDownloadOptions): Promise<ResumableDownload | null> {
    const claim = await options.unfinished.claim(id);
    if (claim === null) return null;
    // A process killed since the first search may have left a record.
    const saved = parseSaved(await options.unfinished.read(id));
    return await ResumableDownload.#replace(saved, options, { id, claim });
  }

  /** Replaces the saved download. Its file is removed first, because without the record no later run would find it. */
  static async #replace(
    saved: ReturnType<typeof parseSaved>,
    options: ResumableDownloadOptions,
    { id, claim }: { readonly id: string; readonly claim: WorkClaim },
  ): Promise<ResumableDownload | null> {
    const hasFile = saved?.kind === 'download' && isPartialOf(options.path, saved);
    if (!hasFile || (await removePartial(saved))) return new ResumableDownload(options, { id, claim, found: null });
    await claim[Symbol.asyncDispose]();
    return null;
  }

  get resumePoint(): ResumePoint | null {
    return this.#found?.saved ?? null;
  }

  /** Opens the file to resume, or a new one if the object has changed. */
  async open(facts: ObjectFacts, { isResumed }: { isResumed: boolean }): Promise<FileSink> {
    const { path, sinkOptions } = this.#options;
    if (!isResumed) {
      await this.#found?.sink.discard();
      this.#found = null;
      this.#storedBytes = 0;
    }
    const { etag, sizeBytes } = facts;
    const tag = randomBytes(6).toString('hex');
    const sink =
      this.#found?.sink ?? (await FileSink.create(path, { ...sinkOptions, claim: this.#claim, tag, sizeBytes }));
    const saved: SavedDownload = {
      kind: 'download',
      partialPath: resolve(sink.partialPath),
      inode: await sink.readInode(),
      etag,
      sizeBytes: sizeBytes ?? 0,
      covered: this.#found?.saved.covered ?? [],
    };
    this.#current = { saved, sink };
    this.#covered = () => saved.covered;
    sink.onWritten = (covered) => this.#noteWritten(covered);
    await this.#save();
    return sink;
  }

  /**
   * Saves progress and closes the file, or removes it if no later process would find it.
   * @returns how many bytes a later run can skip
   */
  async saveForLater(): Promise<number> {
    if (this.#current !== null) await this.#save();
    const kept = this.#current ?? this.#found;
    await (this.#storedBytes > 0 ? kept?.sink.close() : kept?.sink.discard());
    if (this.#storedBytes === 0) await this.forget();
    return this.#storedBytes;
  }

  /** Removes the saved state of a finished or useless download, unless another process has taken it over. */
  async forget(): Promise<void> {
    await this.#saving;
    if (this.#claim.confirm()) await this.#options.unfinished.remove(this.#id);
  }

  /** Releases the claim, so that another process can continue. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#claim[Symbol.asyncDispose]();
  }

  #noteWritten(covered: () => readonly ByteSpan[]): void {
    this.#covered = covered;
    const nowMs = this.#options.clock.monotonic();
    if (nowMs - this.#countedAtMs < COUNT_EVERY_MS) return;
    this.#countedAtMs = nowMs;
    const isDue = nowMs - this.#savedAtMs >= SAVE_EVERY_MS || this.#countBytes() - this.#savedBytes >= SAVE_EVERY_BYTES;
    if (isDue) void this.#save();
  }

  #countBytes(): number {
    return countBytes(this.#covered());
  }

  async #save(): Promise<void> {
    this.#savedAtMs = this.#options.clock.monotonic();
    this.#savedBytes = this.#countBytes();
    const before = this.#saving;
    const save = async (): Promise<void> => {
      await before;
      // If another process took over, its saved state is the right one.
      if (this.#current === null || !this.#claim.isOurs()) return;
      const covered = this.#covered();
      const isSaved = await this.#options.unfinished.save(this.#id, { ...this.#current.saved, covered });
      if (isSaved) this.#storedBytes = countBytes(covered);
    };
    this.#saving = save();
    await this.#saving;
  }
}

/** The total length of the spans. */
export function countBytes(spans: readonly ByteSpan[]): number {
  return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** The id of a resumable download, made from its object and its file. */
export function identifyDownload(location: {
  readonly circuit: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | null;
  readonly path: string;
}): string {
  const { circuit, bucket, key, versionId, path } = location;
  const text = JSON.stringify([circuit, bucket, key, versionId, resolve(path)]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
