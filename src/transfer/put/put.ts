import { basename, join } from 'node:path';
import type { ObjectStore } from '../../s3/object-store.ts';
import { Slots, usualBounds } from '../../guard/slots.ts';
import { BreakwaterError } from '../../errors.ts';
import type { EventSink } from '../../events.ts';
import { watchExcludes } from '../../exclude-watch.ts';
import { createKeyFilter } from '../../key-filter.ts';
import { findSources, type SourceRoot } from './find-sources.ts';
import { prepareHeaders } from './object-headers.ts';
import { openLocalFile } from './source-file.ts';
import { walkTogether, type WalkOptions } from './walk-files.ts';
import { PART_BYTES_DEFAULT } from './part-size.ts';
import { putMany } from './put-many.ts';
import type { PutReport, PutRequest } from './put-request.ts';
import { refuseCollisions } from './refuse-collisions.ts';
import { sendFile, sendStandardInput, type SendTools } from './send.ts';
import { nameOf, type TransferContext } from '../transfer-context.ts';
import { ResumableUploads } from './resume-upload.ts';

/**
 * Uploads sources to S3. Checks everything local first, then the circuit, and only then loads the SDK.
 * @throws BreakwaterError; for many sources only if the run as a whole cannot continue
 */
export async function put(request: PutRequest, context: TransferContext): Promise<PutReport> {
  if (isStandardInput(request)) return await putStandardInput(request, context);
  const roots = await planSources(request);
  const only = findOnly(request, roots);
  if (only !== null) return await putOne(only, request, context);
  const { bucket } = request.destination;
  await context.refuseIfOpen({ operation: 'put_object', bucket });
  using store = await context.connect();
  const files = walkTogether(roots, selectFiles(roots, request, context.emit));
  return { kind: 'many', result: await putMany(files, openTools(store, request, context)) };
}

/** Selects by the patterns of a put; warns of a pattern that seems to mean more than it excludes. */
export function selectFiles(
  roots: readonly SourceRoot[],
  { patterns }: Pick<PutRequest, 'patterns'>,
  emit: EventSink,
): WalkOptions {
  const starts = roots.flatMap(({ path, isDirectory }) => (isDirectory ? [join(path, '_').slice(0, -1)] : []));
  const excludes = watchExcludes({ exclude: patterns.exclude, starts, base: '', emit });
  return { takes: createKeyFilter(patterns, excludes), onRead: excludes.report, emit };
}

/** Finds the sources, and checks that they fit the destination. @throws BreakwaterError `usage`, or as `findSources` */
export async function planSources(request: PutRequest): Promise<readonly SourceRoot[]> {
  const { sources, destination, isRecursive, patterns } = request;
  const roots = await findSources(sources, { isRecursive });
  const isSeveral = roots.length > 1 || isRecursive;
  if (isSeveral && destination.key !== '' && !destination.key.endsWith('/')) {
    throw new BreakwaterError(
      'usage',
      `${isRecursive ? 'a directory needs' : 'several sources need'} a destination that ends with a slash`,
      { details: { hint: `use ${nameOf(destination)}/` } },
    );
  }
  await refuseCollisions(roots, { takes: createKeyFilter(patterns) });
  return roots;
}

export function isStandardInput({ sources, destination }: PutRequest): boolean {
  if (sources.length !== 1 || sources[0] !== '-') return false;
  if (destination.key === '' || destination.key.endsWith('/')) {
    throw new BreakwaterError('usage', 'standard input has no name: give the destination a full key');
  }
  return true;
}

/** The path, if the put sends exactly one file; otherwise null. */
export function findOnly({ isRecursive, patterns }: PutRequest, roots: readonly SourceRoot[]): string | null {
  const [root] = roots;
  const isFiltered = patterns.include.length + patterns.exclude.length > 0;
  return root === undefined || roots.length > 1 || isRecursive || isFiltered ? null : root.path;
}

/** The key of a source. Its name is appended only to an empty key, or after a slash. */
export function planKey(key: string, name: string): string {
  return key === '' || key.endsWith('/') ? `${key}${name}` : key;
}

async function putOne(path: string, request: PutRequest, context: TransferContext): Promise<PutReport> {
  const { destination } = request;
  const location = { ...destination, key: planKey(destination.key, basename(path)) };
  using file = openLocalFile(path);
  await context.refuseIfOpen({ operation: 'put_object', ...location });
  using store = await context.connect();
  const result = await sendFile(file, { location, signal: context.signal }, openTools(store, request, context));
  return { kind: 'one', location, source: path, ...result };
}

async function putStandardInput(request: PutRequest, context: TransferContext): Promise<PutReport> {
  const { destination: location } = request;
  const stdin = context.openStdin();
  await context.refuseIfOpen({ operation: 'put_object', ...location });
  using store = await context.connect();
  using _input = { [Symbol.dispose]: () => stdin.destroy() };
  const result = await sendStandardInput({ stdin, location }, openTools(store, request, context));
  return { kind: 'one', location, source: '-', ...result };
}

function openTools(store: ObjectStore, request: PutRequest, context: TransferContext): SendTools {
  const { concurrency, partSizeBytes, isResuming } = request;
  const { requests, bufferBytes } =
    concurrency === null
      ? usualBounds(context)
      : { requests: concurrency, bufferBytes: concurrency * (partSizeBytes ?? PART_BYTES_DEFAULT) };
  return {
    store,
    context,
    request,
    slots: new Slots({ requests: Math.min(requests, context.requestsMax), bufferBytes }),
    resumable: new ResumableUploads({ unfinished: context.unfinished, circuit: context.circuit, isResuming }),
    formatHeaders: prepareHeaders(request.object),
  };
}
