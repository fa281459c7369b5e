import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DownloadRequest } from '../s3/download/download-request.ts';
import type { ObjectStore } from '../s3/object-store.ts';
import { Slots } from '../guard/slots.ts';
import { BreakwaterError } from '../errors.ts';
import type { InventoryCopy, InventoryLocation } from '../sweep/inventory/local-inventory.ts';
import { planPieces } from '../transfer/get/fetch-object.ts';
import { FileSink } from '../transfer/get/file-sink.ts';
import type { FetchTarget } from '../transfer/get/sink.ts';
import { nameOf, type S3Location } from '../transfer/transfer-context.ts';

/** Requests of one file in flight: half of what `get` has. */
const IN_FLIGHT = 4;

/** A manifest names a file in some 200 bytes: no inventory has a third of a million of them. */
const MANIFEST_BYTES_MAX = 64 * 1024 * 1024;

interface Access {
  readonly connect: () => Promise<ObjectStore>;
  readonly signal: AbortSignal;
}

/**
 * An inventory in the bucket that S3 writes it to. Its files come one at a time into the directory for temporary files, because
 * none is believed before all of it is known to be right. Without a circuit, as everything of a sweep.
 */
export function storedInventory(manifest: S3Location, access: Access): InventoryLocation {
  return {
    name: nameOf(manifest),
    readManifest: async () => await readManifest(manifest, access),
    // A request each would be the price of a look.
    find: async ({ key }) => {
      const location = { bucket: manifest.bucket, key };
      return await Promise.resolve(async () => await openCopy(location, access));
    },
  };
}

async function readManifest(manifest: S3Location, access: Access): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const write = async (chunk: Uint8Array): Promise<void> => {
    bytes += chunk.byteLength;
    if (bytes > MANIFEST_BYTES_MAX) throw describeTooLarge(manifest);
    // A copy: the memory is used again.
    chunks.push(Buffer.from(chunk));
    await Promise.resolve();
  };
  const target = { path: null };
  await fetch({ location: manifest, target }, access, async () => await Promise.resolve({ write }));
  return Buffer.concat(chunks).toString('utf8');
}

async function openCopy(location: S3Location, access: Access): Promise<InventoryCopy> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-inventory-'));
  // Never by its key, which may be a path to elsewhere.
  const path = join(directory, 'data');
  const dispose = async (): Promise<void> => await rm(directory, { recursive: true, force: true });
  const opened: { sink: FileSink | null } = { sink: null };
  try {
    await fetch({ location, target: { path, kind: 'absent' } }, access, async ({ sizeBytes }) => {
      opened.sink = await FileSink.create(path, { noClobber: false, isSynced: false, tag: 'inventory', sizeBytes });
      return opened.sink;
    });
    await opened.sink?.commit(null);
    return { name: nameOf(location), path, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await opened.sink?.discard();
    await dispose();
    throw error;
  }
}

async function fetch(
  { location, target }: { readonly location: S3Location; readonly target: FetchTarget },
  { connect, signal }: Access,
  openTarget: DownloadRequest['openTarget'],
): Promise<void> {
  const store = await connect();
  await store.download({
    ...location,
    ...planPieces({ target, sizeBytes: null }, { pieceBytes: null, concurrency: IN_FLIGHT }),
    versionId: null,
    range: null,
    resume: null,
    queue: new Slots().openQueue(),
    signal,
    openTarget,
  });
}

function describeTooLarge(manifest: S3Location): BreakwaterError {
  return new BreakwaterError('usage', `${nameOf(manifest)} is no manifest of an S3 Inventory: it is too large`, {
    details: { reason: 'inventory', hint: 'name the manifest.json of an inventory' },
  });
}
