import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DownloadRequest } from '../client/download-request.ts';
import type { DownloadTarget } from '../client/download-target.ts';
import type { ObjectStore } from '../client/object-store.ts';
import { Slots } from '../client/slots.ts';
import { BreakwaterError } from '../errors.ts';
import type { InventoryCopy, InventoryPlace } from '../sweep/inventory-place.ts';
import { FileSink } from '../transfer/file-sink.ts';
import type { LocalSink } from '../transfer/local-sink.ts';
import { nameOf, type S3Location } from '../transfer/transfer-context.ts';

const MIB = 1024 * 1024;

/** How a file of an inventory is fetched: as `get` fetches a file, with half of its requests. */
const PIECES = { pieceBytes: 16 * MIB, piecesInFlight: 4, bufferBytes: 3 * MIB } as const;

/** A manifest names a file in some 200 bytes: no inventory has a third of a million of them. */
const MANIFEST_BYTES_MAX = 64 * MIB;

interface Access {
  readonly connect: () => Promise<ObjectStore>;
  readonly signal: AbortSignal;
}

/**
 * An inventory in the bucket that S3 writes it to. Its files come one at a time into the directory for temporary files, because
 * none is believed before all of it is known to be right. Without a circuit, as everything of a sweep.
 */
export function storedInventory(manifest: S3Location, access: Access): InventoryPlace {
  return {
    name: nameOf(manifest),
    readManifest: async () => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      await fetch(manifest, access, async () => await Promise.resolve(new Collector(keep)));
      return Buffer.concat(chunks).toString('utf8');

      function keep(chunk: Uint8Array): void {
        bytes += chunk.byteLength;
        if (bytes > MANIFEST_BYTES_MAX) throw describeTooLarge(manifest);
        // A copy: the memory is used again.
        chunks.push(Buffer.from(chunk));
      }
    },
    // A request each would be the price.
    check: async () => await Promise.resolve(),
    open: async ({ key }) => await openCopy({ bucket: manifest.bucket, key }, access),
  };
}

/** Takes bytes in order. */
class Collector implements LocalSink {
  readonly #keep: (chunk: Uint8Array) => void;

  constructor(keep: (chunk: Uint8Array) => void) {
    this.#keep = keep;
  }

  get target(): DownloadTarget {
    return {
      kind: 'stream',
      write: async (bytes) => {
        this.#keep(bytes);
        await Promise.resolve();
      },
    };
  }

  readonly commit = async (): Promise<void> => await Promise.resolve();
  readonly discard = async (): Promise<void> => await Promise.resolve();
}

async function openCopy(location: S3Location, access: Access): Promise<InventoryCopy> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-inventory-'));
  const copy = {
    name: nameOf(location),
    // Never by its key, which may be a path to elsewhere.
    path: join(directory, 'data'),
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true }),
  };
  try {
    const options = { isKept: false, isSynced: false, tag: 'inventory' };
    await fetch(location, access, async (sizeBytes) => await FileSink.create(copy.path, { ...options, sizeBytes }));
    return copy;
  } catch (error) {
    await copy[Symbol.asyncDispose]();
    throw error;
  }
}

async function fetch(
  location: S3Location,
  { connect, signal }: Access,
  open: (sizeBytes: number | null) => Promise<LocalSink>,
): Promise<void> {
  const opened: { sink: LocalSink | null } = { sink: null };
  const openTarget: DownloadRequest['openTarget'] = async ({ sizeBytes }) => {
    opened.sink = await open(sizeBytes);
    return opened.sink.target;
  };
  const plan = { ...PIECES, circuit: null, versionId: null, range: null, resume: null };
  const store = await connect();
  try {
    await store.download({ ...location, ...plan, lane: new Slots().openLane(), signal, openTarget });
    await opened.sink?.commit(null);
  } catch (error) {
    await opened.sink?.discard();
    throw error;
  }
}

function describeTooLarge(manifest: S3Location): BreakwaterError {
  return new BreakwaterError('usage', `${nameOf(manifest)} is no manifest of an S3 Inventory: it is too large`, {
    details: { reason: 'inventory', hint: 'name the manifest.json of an inventory' },
  });
}
