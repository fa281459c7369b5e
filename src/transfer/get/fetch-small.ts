import type { Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { DownloadResult, FileTarget, ObjectFacts } from '../../s3/download/download-request.ts';
import type { ListedIdentity } from '../../s3/download/listed-identity.ts';
import type { ListedObject } from '../../s3/list/list-objects.ts';
import type { FetchContext } from './fetch-context.ts';
import { planPieces, type ObjectToFetch } from './fetch-object.ts';
import { FileOutput } from './file-output.ts';
import { isSmall, SMALL_BYTES_MAX } from '../open-file.ts';
import { partialName } from '../partial-name.ts';
import { nameOf, type S3Location } from '../transfer-context.ts';
import { writeSmallFile } from './write-small-file.ts';

interface SmallObjectToFetch extends Pick<ObjectToFetch, 'location' | 'signal'> {
  readonly path: string;
  readonly listed: ListedIdentity;
  /** The file at the path; null for none. */
  readonly found: Stats | null;
}

/** Whether a listed object can be fetched by `fetchSmall`: held in memory, verified there, and written in one go. */
export function isFetchedWhole({ options, resumable }: FetchContext, { sizeBytes }: ListedObject): boolean {
  const isPlain = !options.isSynced && options.range === null && options.pieceBytes === null;
  // What an earlier run left of a large object at this path is found by `fetchObject`.
  return isSmall(sizeBytes) && isPlain && resumable.size === 0;
}

/**
 * Fetches one small object, as `fetchObject` does, with less around it: in a tree of small objects that is most of the
 * work. Whatever is unusual takes the long way.
 * @throws BreakwaterError
 */
export async function fetchSmall(
  context: FetchContext,
  { location, path, signal, listed, found }: SmallObjectToFetch,
): Promise<DownloadResult> {
  const { options, store, slots, emit } = context;
  const name = nameOf(location);
  const file = new SmallOutput(context, { location, path, found });
  let ok = false;
  try {
    const result = await store.download({
      ...location,
      versionId: options.versionId,
      range: null,
      signal,
      resume: null,
      listed,
      ...planPieces({ target: { path, kind: 'file' }, sizeBytes: listed.sizeBytes }, options),
      queue: slots.openQueue(),
      takeWhole: { bytesMax: SMALL_BYTES_MAX, take: (content, facts) => file.write(content, facts) },
      openTarget: (facts, how) => file.open(facts, how),
    });
    await file.commit(result);
    ok = true;
    return result;
  } catch (error) {
    throw await file.abandon(error);
  } finally {
    await file.close();
    emit({ kind: 'transfer_finished', name, ok });
  }
}

/** A file that is written in one go, or by a `FileOutput` where that is not enough. */
class SmallOutput {
  readonly #context: FetchContext;
  readonly #location: S3Location;
  readonly #path: string;
  readonly #found: Stats | null;
  #long: FileOutput | null = null;

  constructor(
    context: FetchContext,
    { location, path, found }: Pick<SmallObjectToFetch, 'location' | 'path' | 'found'>,
  ) {
    this.#context = context;
    this.#location = location;
    this.#path = path;
    this.#found = found;
  }

  /** Takes the whole object, verified. Returns null if the file is there, with its name. */
  write(content: Uint8Array, facts: ObjectFacts): Promise<void> | null {
    const { partials } = this.#context;
    this.#started(content.byteLength);
    const directory = dirname(this.#path);
    const tag = partials.tagNow(resolve(directory));
    return tag !== null && this.#writeNow(tag, content, facts) ? null : this.#writeLater(content, facts);
  }

  /** Takes an object piece by piece. */
  async open(facts: ObjectFacts, how: { readonly isResumed: boolean }): Promise<FileTarget> {
    this.#started(facts.sizeBytes);
    return await this.#openLong(facts, how);
  }

  async commit(facts: ObjectFacts): Promise<void> {
    await this.#long?.commit(this.#timeOf(facts));
  }

  /** @returns the error to report */
  async abandon(error: unknown): Promise<unknown> {
    return this.#long === null ? error : await this.#long.abandon(error);
  }

  async close(): Promise<void> {
    await this.#long?.[Symbol.asyncDispose]();
  }

  /** Also the first file of a directory, for which the directory must be saved first. */
  async #writeLater(content: Uint8Array, facts: ObjectFacts): Promise<void> {
    const { partials } = this.#context;
    const directory = resolve(dirname(this.#path));
    const tag = await partials.tagFor(directory);
    partials.release(directory);
    if (this.#writeNow(tag, content, facts)) return;
    const target = await this.#openLong({ ...facts, sizeBytes: content.byteLength }, { isResumed: false });
    await target.writeAt([content], 0, () => undefined);
  }

  #writeNow(tag: string, content: Uint8Array, facts: ObjectFacts): boolean {
    const path = this.#path;
    const partialPath = join(dirname(path), partialName(basename(path), tag));
    const { isNoClobber } = this.#context.options;
    const modifiedMs = this.#timeOf(facts);
    return writeSmallFile({ path, partialPath, content, modifiedMs, isNoClobber, replaced: this.#found });
  }

  async #openLong(facts: ObjectFacts, how: { readonly isResumed: boolean }): Promise<FileTarget> {
    this.#long = await FileOutput.prepare(this.#context, this.#location, {
      path: this.#path,
      isReplacing: this.#found !== null,
    });
    return await this.#long.open(facts, how);
  }

  #timeOf({ modifiedMs }: ObjectFacts): number | null {
    return this.#context.options.isTimeKept ? modifiedMs : null;
  }

  #started(totalBytes: number | null): void {
    this.#context.emit({ kind: 'transfer_started', name: nameOf(this.#location), totalBytes });
  }
}
