import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { FileTarget, ObjectFacts, ResumePoint } from '../../s3/download/download-request.ts';
import { BreakwaterError, type ErrorCode } from '../../errors.ts';
import type { FetchContext } from './fetch-context.ts';
import { FileSink } from './file-sink.ts';
import { identifyDownload, ResumableDownload, RESUMABLE_BYTES_MIN } from './resume-download.ts';
import type { LocalSink } from './sink.ts';
import { canOnlyWrite } from './can-only-write.ts';
import type { S3Location } from '../transfer-context.ts';

/** Failures after which a download can be resumed. */
const RESUMABLE_AFTER: ReadonlySet<ErrorCode> = new Set(['interrupted', 'circuit_open', 'deadline', 'unavailable']);

interface FilePlace {
  readonly path: string;
  /** A file is there. */
  readonly isReplacing: boolean;
}

/** A file for one object, possibly resumed from an earlier run. */
export class FileOutput implements LocalSink {
  readonly #context: FetchContext;
  readonly #location: S3Location;
  readonly #path: string;
  readonly #isReplacing: boolean;
  #resumable: ResumableDownload | null = null;
  #sink: FileSink | null = null;
  /** The directory that is remembered for a file that cannot be resumed. */
  #directory: string | null = null;
  /** False if S3 states no checksum to verify the bytes of an earlier run: they are never used, and none are kept. */
  #isProvable = true;

  private constructor(context: FetchContext, location: S3Location, { path, isReplacing }: FilePlace) {
    this.#context = context;
    this.#location = location;
    this.#path = path;
    this.#isReplacing = isReplacing;
  }

  /** Looks for a download to resume. */
  static async prepare(context: FetchContext, location: S3Location, place: FilePlace): Promise<FileOutput> {
    const output = new FileOutput(context, location, place);
    // Skipped if there is nothing to resume, to save time for thousands of small objects.
    if (output.#isWorthKeeping && context.resumable.size > 0) {
      const id = output.#identify();
      if (context.resumable.has(id)) output.#resumable = await ResumableDownload.find(id, output.#resumeOptions);
    }
    return output;
  }

  get resumePoint(): ResumePoint | null {
    return this.#resumable?.resumePoint ?? null;
  }

  async open(facts: ObjectFacts, how: { readonly isResumed: boolean }): Promise<FileTarget> {
    const { sizeBytes } = facts;
    this.#isProvable = facts.expected !== null;
    if (this.#isWorthKeeping && (sizeBytes ?? 0) >= RESUMABLE_BYTES_MIN) {
      this.#resumable ??= await ResumableDownload.begin(this.#identify(), this.#resumeOptions);
    }
    try {
      this.#sink = (await this.#resumable?.open(facts, how)) ?? (await this.#create(sizeBytes));
    } catch (error) {
      if (!(await canOnlyWrite(this.#path, error))) throw error;
      this.#sink = await this.#createElsewhere(sizeBytes);
    }
    return this.#sink;
  }

  async commit(modifiedMs: number | null): Promise<void> {
    await this.#sink?.commit(modifiedMs);
    await this.#resumable?.forget();
  }

  async abandon(error: unknown): Promise<unknown> {
    const isResumable = error instanceof BreakwaterError && RESUMABLE_AFTER.has(error.code);
    if (this.#resumable !== null && isResumable && this.#isProvable) {
      const bytes = await this.#resumable.saveForLater();
      return bytes === 0 ? error : addResumeHint(error, bytes);
    }
    await this.#sink?.discard();
    // A missing object may come back, so an earlier run's bytes stay.
    if (this.#sink === null) await this.#resumable?.saveForLater();
    else await this.#resumable?.forget();
    return error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#releaseDirectory();
    await this.#resumable?.[Symbol.asyncDispose]();
  }

  get #isWorthKeeping(): boolean {
    const { isResumable, range } = this.#context.options;
    return isResumable && range === null;
  }

  get #sinkOptions() {
    const { isNoClobber, isSynced } = this.#context.options;
    return { noClobber: isNoClobber, isSynced, isReplacing: this.#isReplacing };
  }

  get #resumeOptions() {
    const { unfinished, clock } = this.#context;
    return { unfinished, clock, path: this.#path, sinkOptions: this.#sinkOptions };
  }

  #identify(): string {
    const { circuit, options } = this.#context;
    return identifyDownload({ circuit, ...this.#location, versionId: options.versionId, path: this.#path });
  }

  async #create(sizeBytes: number | null, directory?: string): Promise<FileSink> {
    this.#releaseDirectory();
    this.#directory = resolve(directory ?? dirname(this.#path));
    const tag = await this.#context.partials.tagFor(this.#directory);
    const how = { ...this.#sinkOptions, claim: null, sizeBytes, tag };
    return await FileSink.create(this.#path, directory === undefined ? how : { ...how, directory });
  }

  /** For a target that cannot have a temporary file beside it. Cannot be resumed. */
  async #createElsewhere(sizeBytes: number | null): Promise<FileSink> {
    await this.#resumable?.forget();
    await this.#resumable?.[Symbol.asyncDispose]();
    this.#resumable = null;
    return await this.#create(sizeBytes, tmpdir());
  }

  #releaseDirectory(): void {
    if (this.#directory !== null) this.#context.partials.release(this.#directory);
    this.#directory = null;
  }
}

function addResumeHint(error: BreakwaterError, bytes: number): BreakwaterError {
  const kept = `run the command again to resume: ${Math.floor(bytes / (1024 * 1024))} MiB are stored here`;
  const { hint } = error.details;
  return new BreakwaterError(error.code, error.message, {
    cause: error.cause,
    details: { ...error.details, hint: hint === undefined ? kept : `${hint}; ${kept}` },
  });
}
