import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import type { KeyPatterns } from '../../key-filter.ts';
import { openFetchContext, type FetchContext, type FetchOptions } from './fetch-context.ts';
import { fetchObject, type ObjectToFetch } from './fetch-object.ts';
import type { GetPlan, ManyToGet } from './get-many.ts';
import { findPattern, type KeyPattern } from './listed-items.ts';
import { baseNameOf, isFileName } from './object-path.ts';
import { checkDirectoryTarget, checkTarget, existsError, type FetchTarget } from './sink.ts';
import type { VerifiedBy } from '../../s3/checksum/expected-checksum.ts';
import type { ListedIdentity } from '../../s3/download/listed-identity.ts';
import type { ListedObject } from '../../s3/list/list-objects.ts';
import type { ManyResult } from '../run-many.ts';
import { nameOf, type S3Location, type TransferContext } from '../transfer-context.ts';

export interface GetRequest {
  /** A key or a pattern such as `logs/*.gz`; with `isRecursive`, a prefix. */
  readonly source: S3Location;
  /** A file, a directory, or `-` for standard output. */
  readonly destination: string;
  /** The source is a prefix, the destination a directory. */
  readonly isRecursive: boolean;
  /** Selects among many objects. */
  readonly patterns: KeyPatterns;
  /** Only plan, and fetch nothing. */
  readonly isDryRun: boolean;
  /** For many objects: also fetch those already present. */
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
  readonly verifiedBy: VerifiedBy | null;
}

export type GetReport =
  | GotOne
  | { readonly kind: 'many'; readonly result: ManyResult }
  | { readonly kind: 'planned'; readonly plan: GetPlan };

/**
 * Downloads an object, or all objects that have a prefix or match a pattern. A file appears only when complete and
 * verified; an existing file stays until then. Local destinations are checked before the circuit.
 * @throws BreakwaterError; for many objects only if the run as a whole cannot continue
 */
export async function get(request: GetRequest, context: TransferContext): Promise<GetReport> {
  const { source, isRecursive, destination, options } = request;
  if (isRecursive) {
    await checkDirectory(request);
    await using all = await openFetchContext(context, options, { operation: 'list_objects', bucket: source.bucket });
    return await getAll(all, request, { prefix: source.key });
  }
  if (source.key === '') throw prefixError(source);
  const target = await planTarget(destination, source);
  const pattern = options.versionId === null ? findPattern(source.key) : null;
  await using opened = await openFetchContext(context, options, { operation: 'get_object', ...source });
  if (source.key.endsWith('/'))
    return await getOne(opened, request, { target, listed: await findSlashed(opened, source) });
  if (pattern === null) return await getOne(opened, request, { target, listed: null });
  const listed = await findObject(opened, source);
  if (listed !== null) return await getOne(opened, request, { target, listed });
  await checkDirectory(request);
  return await getAll(opened, request, pattern);
}

/**
 * The object of a key that ends with a slash. Most such names are meant as prefixes, so one without bytes, which
 * consoles create to show a directory, does not count. Null if it may not be looked at.
 * @throws BreakwaterError `usage` if there is none
 */
async function findSlashed({ store, options }: FetchContext, source: S3Location): Promise<ListedIdentity | null> {
  try {
    const facts = await store.stat({ ...source, versionId: options.versionId });
    if (facts.sizeBytes !== 0) return facts;
  } catch (error) {
    if (!(error instanceof BreakwaterError)) throw error;
    if (error.code === 'not_found') throw prefixError(source, error);
    // Reading can be allowed where HEAD is not.
    if (error.code === 'access_denied' || error.code === 'rejected') return null;
    throw error;
  }
  throw prefixError(source);
}

function prefixError(source: S3Location, cause?: BreakwaterError): BreakwaterError {
  return new BreakwaterError('usage', `${nameOf(source)} is a prefix, not an object`, {
    cause,
    details: { hint: 'get all objects below a prefix with -r, or name a file for an object with this key' },
  });
}

async function getOne(
  context: FetchContext,
  { source, isDryRun }: GetRequest,
  { target, listed }: Pick<ObjectToFetch, 'target' | 'listed'>,
): Promise<GetReport> {
  const { store, options, signal } = context;
  if (options.isNoClobber && target.path !== null && target.kind === 'file') throw existsError(target.path);
  const { path } = target;
  if (isDryRun) {
    const { sizeBytes } = await store.stat({ ...source, versionId: options.versionId });
    const bytes = sizeBytes ?? 0;
    return {
      kind: 'planned',
      plan: {
        objects: 1,
        bytes,
        skipped: 0,
        failed: 0,
        samples: [{ name: nameOf(source), path, bytes, problem: null }],
      },
    };
  }
  const result = await fetchObject(context, { location: source, target, signal, listed });
  const { bytes, resumedBytes, etag, versionId, modifiedMs, verifiedBy } = result;
  return { kind: 'one', location: source, path, bytes, resumedBytes, etag, versionId, modifiedMs, verifiedBy };
}

async function getAll(context: FetchContext, request: GetRequest, keys: KeyPattern): Promise<GetReport> {
  const many: ManyToGet = { ...request, ...keys, bucket: request.source.bucket };
  // Loaded then, because most starts are for one object.
  const { getMany, planMany } = await import('./get-many.ts');
  if (request.isDryRun) return { kind: 'planned', plan: await planMany(context, many) };
  return { kind: 'many', result: await getMany(context, many) };
}

/** The object with exactly this key, which wins over a pattern; null if there is none. */
async function findObject({ store }: FetchContext, { bucket, key }: S3Location): Promise<ListedObject | null> {
  // The key itself sorts first among all keys that start with it.
  for await (const { objects } of store.list({ bucket, prefix: key })) {
    if (objects.length > 0) return objects.find((object) => object.key === key) ?? null;
  }
  return null;
}

/** Checks the directory for many objects, and rejects options for a single object. */
async function checkDirectory({ destination, options }: GetRequest): Promise<void> {
  if (destination === '-') throw new BreakwaterError('usage', 'several objects cannot go to standard output');
  if (options.versionId !== null || options.range !== null) {
    throw new BreakwaterError('usage', '--version-id and --range are for one object');
  }
  await checkDirectoryTarget(destination);
}

/** Appends the object's name to an existing directory, or to a destination that ends with a slash. */
async function planTarget(destination: string, source: S3Location): Promise<FetchTarget> {
  const { key } = source;
  if (destination === '-') return { path: null };
  const isDirectory =
    destination.endsWith('/') || ((await stat(destination).catch(() => null))?.isDirectory() ?? false);
  if (isDirectory && key.endsWith('/')) throw prefixError(source);
  if (isDirectory && !isFileName(baseNameOf(key))) {
    throw new BreakwaterError('usage', `${nameOf({ bucket: '', key })} has no name for a file here`, {
      details: { hint: 'give the destination a file name' },
    });
  }
  const path = isDirectory ? join(destination, baseNameOf(key)) : destination;
  return { path, kind: await checkTarget(path) };
}
