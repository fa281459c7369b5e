import { basename } from 'node:path';
import type { ObjectStore } from '../client/object-store.ts';
import { BreakwaterError } from '../errors.ts';
import { openFileSource, streamSource, type LocalSource } from './local-source.ts';
import { walkFiles, type FoundFile } from './local-tree.ts';
import { planKey } from './object-path.ts';
import { PARTS_MAX, planPartSize } from './part-size.ts';
import { runMany, type ManyResult } from './run-many.ts';
import { nameOf, type S3Location, type TransferContext } from './transfer-context.ts';

/** Parts of one object in flight: with the part size it bounds the memory of an upload. */
const PARTS_IN_FLIGHT = 4;

/** Files at a time: each holds its parts in memory. */
const FILES_IN_FLIGHT = 4;

export interface PutRequest {
  /** Paths, or `-` for standard input, at least one. */
  readonly sources: readonly string[];
  readonly destination: S3Location;
  /** Directories are sent with all that is below them. */
  readonly isRecursive: boolean;
  /** Bytes of one part; null: planned from the size. */
  readonly partSizeBytes: number | null;
}

export type PutReport =
  | {
      readonly kind: 'one';
      readonly location: S3Location;
      readonly source: string;
      readonly bytes: number;
      readonly etag: string | null;
      readonly versionId: string | null;
    }
  | { readonly kind: 'many'; readonly result: ManyResult };

/**
 * Uploads sources to S3. Everything local is checked before the circuit is asked, and the circuit before the SDK is loaded.
 * @throws BreakwaterError by its code; for many sources only when the run as a whole cannot go on
 */
export async function put(request: PutRequest, context: TransferContext): Promise<PutReport> {
  const { sources, destination } = request;
  const [only] = sources;
  if (only === undefined) throw new BreakwaterError('usage', 'no source is given');
  if (sources.length === 1 && !request.isRecursive) return await putOne(only, request, context);
  if (destination.key !== '' && !destination.key.endsWith('/')) {
    throw new BreakwaterError(
      'usage',
      `several sources need a destination that ends with a slash: ${nameOf(destination)}/`,
    );
  }
  return await putMany(request, context);
}

async function putOne(path: string, request: PutRequest, context: TransferContext): Promise<PutReport> {
  const { destination } = request;
  if (path === '-' && (destination.key === '' || destination.key.endsWith('/'))) {
    throw new BreakwaterError('usage', 'standard input has no name: give the destination a full key');
  }
  const location = { ...destination, key: planKey(destination.key, basename(path)) };
  await using source = path === '-' ? openStdin(request, context) : await openFileSource(path);
  context.lookAhead({ operation: 'put_object', ...location });
  const store = await context.connect();
  try {
    const { etag, bytes, versionId } = await upload(store, { source, location, request }, context);
    return { kind: 'one', location, source: source.name, bytes, etag, versionId };
  } finally {
    store.close();
  }
}

async function putMany(request: PutRequest, context: TransferContext): Promise<PutReport> {
  const { bucket, key: prefix } = request.destination;
  // Every source is looked at before the first byte is sent; what is below a directory, as it comes.
  const files = await walkFiles(request.sources, { isRecursive: request.isRecursive });
  context.lookAhead({ operation: 'put_object', bucket });
  const store = await context.connect();
  try {
    const send = async ({ path, name }: FoundFile) => {
      await using source = await openFileSource(path);
      return await upload(store, { source, location: { bucket, key: `${prefix}${name}` }, request }, context);
    };
    const result = await runMany(files, send, { objectsInFlight: FILES_IN_FLIGHT });
    return { kind: 'many', result };
  } finally {
    store.close();
  }
}

function openStdin({ partSizeBytes }: PutRequest, { stdin }: TransferContext): LocalSource {
  return streamSource('standard input', stdin, { maxBytes: (partSizeBytes ?? planPartSize(null)) * PARTS_MAX });
}

interface UploadPlan {
  readonly source: LocalSource;
  readonly location: S3Location;
  readonly request: PutRequest;
}

async function upload(
  store: ObjectStore,
  { source, location, request }: UploadPlan,
  { circuit, emit, signal }: TransferContext,
): Promise<{ etag: string | null; bytes: number; versionId: string | null }> {
  const name = nameOf(location);
  emit({ kind: 'transfer_started', name, totalBytes: source.sizeBytes });
  let ok = false;
  try {
    const result = await store.upload({
      ...location,
      circuit,
      body: source.read(signal),
      sizeBytes: source.sizeBytes,
      partSizeBytes: request.partSizeBytes ?? planPartSize(source.sizeBytes),
      partsInFlight: PARTS_IN_FLIGHT,
      headers: {},
    });
    ok = true;
    return result;
  } finally {
    emit({ kind: 'transfer_finished', name, ok });
  }
}
