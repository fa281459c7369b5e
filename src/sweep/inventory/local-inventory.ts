import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import { maskCredentials } from '../../mask-credentials.ts';
import { readRegularFile } from '../../read-regular-file.ts';
import type { InventoryFile } from './manifest.ts';

/** The location of an inventory. */
export interface InventoryLocation {
  /** The name of the manifest, for messages. */
  readonly name: string;
  readonly readManifest: () => Promise<string>;
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
    find: async (file) => {
      const found = await Promise.resolve(locate(path, file));
      const copy = { name: found, path: found, [Symbol.asyncDispose]: async () => await Promise.resolve() };
      return async () => await Promise.resolve(copy);
    },
  };
}

/** S3 writes `PREFIX/BUCKET/ID/DATE/manifest.json` and `PREFIX/BUCKET/ID/data/FILE`; a flat copy has everything in one directory. */
function locate(manifestPath: string, { key }: InventoryFile): string {
  const directory = dirname(manifestPath);
  const name = basename(key);
  const candidates = [
    join(directory, name),
    join(directory, 'data', name),
    join(directory, '..', 'data', name),
    join(directory, key),
  ];
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const message = `the inventory's file ${name} is neither beside ${manifestPath} nor in ../data`;
  throw new BreakwaterError('not_found', message, {
    details: { hint: 'copy the whole inventory: the manifest and its data files' },
  });
}
