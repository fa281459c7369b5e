import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import { maskCredentials } from '../../mask-credentials.ts';
import { readRegularFile } from '../../files/read-regular-file.ts';
import type { InventoryFile } from './manifest.ts';

/** The location of an inventory. */
export interface InventoryLocation {
  /** The name of the manifest, for messages. */
  readonly name: string;
  readonly readManifest: () => Promise<string>;
  /** The manifest, and where its files may be on this machine; empty for an inventory in S3. */
  readonly localFiles: (files: readonly InventoryFile[]) => readonly string[];
  /**
   * Finds one data file, if that needs no request.
   * @returns a function that makes the file available locally
   * @throws BreakwaterError `not_found`
   */
  readonly find: (file: InventoryFile) => Promise<() => Promise<InventoryCopy>>;
}

/** A local copy of an inventory file, readable until disposed. */
export interface InventoryCopy extends AsyncDisposable {
  /** The name for messages. */
  readonly name: string;
  readonly path: string;
}

/** An inventory in local files: the data is next to the manifest, or where S3 puts it (`../data/`). */
export function localInventory(path: string): InventoryLocation {
  return {
    name: path,
    readManifest: async () => {
      try {
        return await Promise.resolve(readRegularFile(path));
      } catch (error) {
        throw new BreakwaterError('not_found', `cannot read the inventory ${maskCredentials(path)}`, { cause: error });
      }
    },
    localFiles: (files) => [path, ...files.flatMap((file) => listPlaces(path, file))],
    find: async (file) => {
      const found = await Promise.resolve(locate(path, file));
      const copy = { name: found, path: found, [Symbol.asyncDispose]: async () => await Promise.resolve() };
      return async () => await Promise.resolve(copy);
    },
  };
}

/** In the order to look. S3 writes `PREFIX/BUCKET/ID/DATE/manifest.json` and `PREFIX/BUCKET/ID/data/FILE`; a flat copy has everything in one directory. */
function listPlaces(manifestPath: string, { key }: InventoryFile): readonly string[] {
  const directory = dirname(manifestPath);
  const name = basename(key);
  return [
    join(directory, name),
    join(directory, 'data', name),
    join(directory, '..', 'data', name),
    join(directory, key),
  ];
}

function locate(manifestPath: string, file: InventoryFile): string {
  const found = listPlaces(manifestPath, file).find((path) => existsSync(path));
  if (found !== undefined) return found;
  const message = `the inventory's file ${basename(file.key)} is neither beside ${manifestPath} nor in ../data`;
  throw new BreakwaterError('not_found', message, {
    details: { hint: 'copy the whole inventory: the manifest and its data files' },
  });
}
