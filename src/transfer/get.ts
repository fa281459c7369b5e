import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { ObjectFacts } from '../client/download.ts';
import type { ObjectStore } from '../client/object-store.ts';
import { BreakwaterError } from '../errors.ts';
import { checkTarget, FileSink } from './file-sink.ts';
import type { LocalSink } from './local-sink.ts';
import { baseNameOf, planObjectPath } from './object-path.ts';
import { runMany, type ManyResult } from './run-many.ts';
import { StreamSink } from './stream-sink.ts';
import { nameOf, type S3Location, type TransferContext } from './transfer-context.ts';

export interface GetRequest {
  readonly source: S3Location;
  /** A file, a directory, or `-` for standard output. */
  readonly destination: string;
  /** The source is a prefix, the destination a directory. */
  readonly isRecursive: boolean;
}

export interface GotOne {
  readonly kind: 'one';
  readonly location: S3Location;
  /** The file written; null for standard output. */
  readonly path: string | null;
  readonly bytes: number;
  readonly etag: string;
  readonly verifiedBy: string | null;
}

export type GetReport = GotOne | { readonly kind: 'many'; readonly result: ManyResult };

/**
 * Downloads an object, or all objects below a prefix. A file appears only when it is whole and verified; what was
 * there before stays until then. Local destinations are checked before the circuit is asked.
 * @throws BreakwaterError by its code; for many objects only when the run as a whole cannot go on
 */
export async function get(request: GetRequest, context: TransferContext): Promise<GetReport> {
  if (request.isRecursive) return await getMany(request, context);
  const { source, destination } = request;
  if (source.key === '' || source.key.endsWith('/')) {
    throw new BreakwaterError('usage', `${nameOf(source)} is a prefix, not an object`, {
      details: { hint: 'get all objects below a prefix with -r' },
    });
  }
  const target = await planTarget(destination, source.key);
  context.lookAhead({ operation: 'get_object', ...source });
  const store = await context.connect();
  try {
    return await download(store, { location: source, target }, context);
  } finally {
    store.close();
  }
}

async function getMany({ source, destination }: GetRequest, context: TransferContext): Promise<GetReport> {
  if (destination === '-') throw new BreakwaterError('usage', 'several objects cannot go to standard output');
  await checkTarget(join(destination, 'any'));
  context.lookAhead({ operation: 'list_objects', bucket: source.bucket });
  const store = await context.connect();
  try {
    const result = await runMany(listNames(store, source, context), async ({ key }) => {
      const planned = planObjectPath(destination, { key, prefix: source.key });
      if (planned.kind === 'unsafe') throw describeUnsafeKey({ bucket: source.bucket, key }, planned.why);
      const target: Target = { path: planned.path, kind: await checkTarget(planned.path) };
      return await download(store, { location: { bucket: source.bucket, key }, target }, context);
    });
    if (result.done + result.failed === 0) {
      throw new BreakwaterError('not_found', `there is no object below ${nameOf(source)}`, {
        details: { hint: 'check the bucket and the prefix' },
      });
    }
    return { kind: 'many', result };
  } finally {
    store.close();
  }
}

async function* listNames(
  store: ObjectStore,
  { bucket, key: prefix }: S3Location,
  { circuit }: TransferContext,
): AsyncGenerator<{ name: string; key: string }> {
  for await (const { objects } of store.list({ bucket, prefix, circuit })) {
    for (const { key } of objects) {
      // A key that ends with a slash marks a directory: consoles make them, and they have no bytes.
      if (!key.endsWith('/')) yield { name: nameOf({ bucket, key }), key };
    }
  }
}

type Target = { readonly path: string; readonly kind: 'absent' | 'file' | 'stream' } | { readonly path: null };

/** A name is appended to a directory that is there, or to a destination that ends with a slash. */
async function planTarget(destination: string, key: string): Promise<Target> {
  if (destination === '-') return { path: null };
  const isDirectory =
    destination.endsWith('/') || ((await stat(destination).catch(() => null))?.isDirectory() ?? false);
  const path = isDirectory ? join(destination, baseNameOf(key)) : destination;
  return { path, kind: await checkTarget(path) };
}

async function download(
  store: ObjectStore,
  { location, target }: { location: S3Location; target: Target },
  { circuit, emit, stdout }: TransferContext,
): Promise<GotOne> {
  const name = nameOf(location);
  const opened: { sink: LocalSink | null } = { sink: null };
  const openSink = async ({ sizeBytes }: ObjectFacts): Promise<LocalSink> => {
    emit({ kind: 'transfer_started', name, totalBytes: sizeBytes });
    opened.sink = await openTarget(target, stdout);
    return opened.sink;
  };
  let ok = false;
  try {
    const { bytes, etag, verifiedBy } = await store.download({ ...location, circuit, openSink });
    await opened.sink?.commit();
    ok = true;
    return { kind: 'one', location, path: target.path, bytes, etag, verifiedBy };
  } finally {
    if (!ok) await opened.sink?.discard();
    emit({ kind: 'transfer_finished', name, ok });
  }
}

async function openTarget(target: Target, stdout: Writable): Promise<LocalSink> {
  if (target.path === null) return StreamSink.toStandardOutput(stdout);
  return target.kind === 'stream' ? StreamSink.toDevice(target.path) : await FileSink.create(target.path);
}

function describeUnsafeKey(location: S3Location, why: string): BreakwaterError {
  return new BreakwaterError('local_create', `${nameOf(location)} cannot be a file here: ${why}`, {
    details: { hint: 'get it alone, with a destination of your choice' },
  });
}
