import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Slots, DEFAULT_SLOT_BOUNDS } from '../../guard/slots.ts';
import { BreakwaterError } from '../../errors.ts';
import type { KeyPatterns } from '../../key-filter.ts';
import { fetchObject, type FetchOptions, type FetchContext, type FetchTarget } from './fetch-object.ts';
import { checkTarget, describeExisting } from './file-sink.ts';
import { findPattern, getMany, planMany, type GetPlan, type KeyPattern, type ManyToGet } from './get-many.ts';
import { baseNameOf, isFileName } from './object-path.ts';
import { collectLeftovers, PartialFiles } from './leftover-files.ts';
import type { ManyResult } from '../run-many.ts';
import { nameOf, type S3Location, type TransferContext } from '../transfer-context.ts';

export interface GetRequest {
  /** A key; with `isRecursive` a prefix; else also a pattern such as `logs/*.gz`. */
  readonly source: S3Location;
  /** A file, a directory, or `-` for standard output. */
  readonly destination: string;
  /** The source is a prefix, the destination a directory. */
  readonly isRecursive: boolean;
  /** Which of many objects. */
  readonly patterns: KeyPatterns;
  /** Nothing is fetched; what would be is the result. */
  readonly isDryRun: boolean;
  /** Of many objects, also those are fetched that are here already. */
  readonly isAgain: boolean;
  readonly options: FetchOptions;
}

export interface GotOne {
  readonly kind: 'one';
  readonly location: S3Location;
  /** The file written; null for standard output. */
  readonly path: string | null;
  readonly bytes: number;
  readonly resumedBytes: number;
  readonly etag: string;
  readonly versionId: string | null;
  readonly modifiedMs: number | null;
  readonly verifiedBy: string | null;
}

export type GetReport =
  | GotOne
  | { readonly kind: 'many'; readonly result: ManyResult }
  | { readonly kind: 'planned'; readonly plan: GetPlan };

/**
 * Downloads an object, or all objects below a prefix or that fit a pattern. A file appears only when it is whole and
 * verified; what was there before stays until then. Local destinations are checked before the circuit is asked.
 * @throws BreakwaterError by its code; for many objects only when the run as a whole cannot go on
 */
export async function get(request: GetRequest, context: TransferContext): Promise<GetReport> {
  const { source, isRecursive, destination, options } = request;
  if (isRecursive) {
    await checkDirectory(request);
    return await withFetchContext(
      request,
      context,
      async (stage) => await getAll(stage, request, { prefix: source.key }),
    );
  }
  if (source.key === '' || source.key.endsWith('/')) {
    throw new BreakwaterError('usage', `${nameOf(source)} is a prefix, not an object`, {
      details: { hint: 'get all objects below a prefix with -r' },
    });
  }
  const target = await planTarget(destination, source.key);
  const pattern = options.versionId === null ? findPattern(source.key) : null;
  return await withFetchContext(request, context, async (stage) => {
    if (pattern === null || (await isObject(stage, source))) return await getOne(stage, request, target);
    await checkDirectory(request);
    return await getAll(stage, request, pattern);
  });
}

/** Looks at the circuit, connects, and lets go of everything in the end. */
async function withFetchContext<T>(
  { source, options, isRecursive }: GetRequest,
  context: TransferContext,
  work: (stage: FetchContext) => Promise<T>,
): Promise<T> {
  const { bucket } = source;
  context.refuseIfOpen(isRecursive ? { operation: 'list_objects', bucket } : { operation: 'get_object', ...source });
  const resumable = await collectLeftovers(context.unfinished, context.clock);
  const store = await context.connect();
  const partials = new PartialFiles(context.unfinished);
  const { requests, bufferBytes } = DEFAULT_SLOT_BOUNDS;
  const slots = new Slots({ requests: options.concurrency ?? requests, bufferBytes });
  try {
    return await work({ store, slots, partials, resumable, options, context });
  } finally {
    await partials.close();
    store.close();
  }
}

async function getOne(stage: FetchContext, { source, isDryRun }: GetRequest, target: FetchTarget): Promise<GetReport> {
  const { store, options, context } = stage;
  if (options.isNoClobber && target.path !== null && target.kind === 'file') throw describeExisting(target.path);
  const { path } = target;
  if (isDryRun) {
    const { sizeBytes } = await store.stat({ ...source, versionId: options.versionId });
    const bytes = sizeBytes ?? 0;
    return {
      kind: 'planned',
      plan: { objects: 1, bytes, skipped: 0, samples: [{ name: nameOf(source), path, bytes }] },
    };
  }
  const result = await fetchObject(stage, {
    location: source,
    target,
    signal: context.signal,
    sizeBytes: null,
  });
  const { bytes, resumedBytes, etag, versionId, modifiedMs, verifiedBy } = result;
  return { kind: 'one', location: source, path, bytes, resumedBytes, etag, versionId, modifiedMs, verifiedBy };
}

async function getAll(stage: FetchContext, request: GetRequest, keys: KeyPattern): Promise<GetReport> {
  const many: ManyToGet = { ...request, ...keys, bucket: request.source.bucket };
  if (request.isDryRun) return { kind: 'planned', plan: await planMany(stage, many) };
  return { kind: 'many', result: await getMany(stage, many) };
}

/** Whether the key stands for itself: an object of exactly that name goes before a pattern. */
async function isObject({ store }: FetchContext, { bucket, key }: S3Location): Promise<boolean> {
  // It is the first of all keys that begin with it.
  for await (const { objects } of store.list({ bucket, prefix: key })) {
    return objects[0]?.key === key;
  }
  return false;
}

/** What only one object can have is refused for many, and their directory is looked at. */
async function checkDirectory({ destination, options }: GetRequest): Promise<void> {
  if (destination === '-') throw new BreakwaterError('usage', 'several objects cannot go to standard output');
  if (options.versionId !== null || options.range !== null) {
    throw new BreakwaterError('usage', '--version-id and --range are for one object');
  }
  await checkTarget(join(destination, 'any'));
}

/** A name is appended to a directory that is there, or to a destination that ends with a slash. */
async function planTarget(destination: string, key: string): Promise<FetchTarget> {
  if (destination === '-') return { path: null };
  const isDirectory =
    destination.endsWith('/') || ((await stat(destination).catch(() => null))?.isDirectory() ?? false);
  if (isDirectory && !isFileName(baseNameOf(key))) {
    throw new BreakwaterError('usage', `${nameOf({ bucket: '', key })} has no name for a file here`, {
      details: { hint: 'give the file a name of its own' },
    });
  }
  const path = isDirectory ? join(destination, baseNameOf(key)) : destination;
  return { path, kind: await checkTarget(path) };
}
