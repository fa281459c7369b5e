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

/** Requests in flight for one file: half as many as `get`. */
const IN_FLIGHT = 4;

/** A manifest takes about 200 bytes per file, so this is enough for 300,000 files. */
const MANIFEST_BYTES_MAX = 64 * 1024 * 1024;

interface Access {
  readonly connect: () => Promise<ObjectStore>;
  readonly signal: AbortSignal;
}

/**
 * An inventory in the bucket that S3 writes it to. Its files are downloaded one at a time to the temporary directory,
 * because each is used only after its digest is verified. As everywhere in a sweep, there is no circuit.
 */
export function storedInventory(manifest: S3Location, access: Access): InventoryLocation {
  return {
    name: nameOf(manifest),
    readManifest: async () => await readManifest(manifest, access),
    localFiles: () => [],
    // Checking each file would cost a request.
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
    if (bytes > MANIFEST_BYTES_MAX) {
      throw new BreakwaterError('usage', `${nameOf(manifest)} is not a manifest of an S3 Inventory: it is too large`, {
        details: { reason: 'inventory', hint: 'name the manifest.json of an inventory' },
      });
    }
    // Copied, because the memory is reused.
    chunks.push(Buffer.from(chunk));
    await Promise.resolve();
  };
  const target = { path: null };
  await fetch({ location: manifest, target }, access, async () => await Promise.resolve({ write }));
  return Buffer.concat(chunks).toString('utf8');
}

async function openCopy(location: S3Location, access: Access): Promise<InventoryCopy> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-inventory-'));
  // Not named after its key, which could be any path.
  const path = join(directory, 'data');
  const dispose = async (): Promise<void> => await rm(directory, { recursive: true, force: true });
  const opened: { sink: FileSink | null } = { sink: null };
  try {
    await fetch({ location, target: { path, kind: 'absent' } }, access, async ({ sizeBytes }) => {
      opened.sink = await FileSink.create(path, {
        noClobber: false,
        isSynced: false,
        claim: null,
        tag: 'inventory',
        sizeBytes,
      });
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
