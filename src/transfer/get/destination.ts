import { realpathSync } from 'node:fs';
import { unlink, writeFile, stat } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { dirname, join, relative, resolve, sep, isAbsolute } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import { PARTIAL_SUFFIX } from './file-sink.ts';
import { statOrNull } from '../local-errors.ts';
import { planObjectPath } from './object-path.ts';
import { nameOf, type S3Location } from '../transfer-context.ts';

/** The most directories whose real place is remembered. */
const DIRECTORIES_MAX = 1024;

/**
 * The directory that many objects go to: finds each its path, and refuses what cannot be one. Where the file system
 * takes two names for one, the second key of such a pair is refused too.
 */
export class Destination {
  readonly #directory: string;
  readonly #root: string;
  /** Names taken so far, folded; null where the file system keeps all names apart, which costs no memory. */
  readonly #taken: Map<string, string> | null;
  readonly #checked = new Set<string>();
  /** Files under way: by the time they are there, the file system itself keeps a directory from taking their name. */
  readonly #busy = new Set<string>();

  private constructor(directory: string, { root, isFolding }: { root: string; isFolding: boolean }) {
    this.#directory = directory;
    this.#root = root;
    this.#taken = isFolding ? new Map() : null;
  }

  static async open(directory: string, { isFolding }: { isFolding?: boolean } = {}): Promise<Destination> {
    const above = findExisting(resolve(directory));
    const root = join(realpathSync.native(above), relative(above, resolve(directory)));
    return new Destination(directory, { root, isFolding: isFolding ?? (await foldsNames(above)) });
  }

  /**
   * Finds the path of a key, which it holds until it is released; asked in the order of the listing.
   * @throws BreakwaterError `local_create` for a key that cannot be a path here
   */
  place(location: S3Location, prefix: string): string {
    const planned = planObjectPath(this.#directory, { key: location.key, prefix });
    if (planned.kind === 'unsafe') throw describeUnsafeKey(location, planned.why);
    const { path } = planned;
    const folded = foldName(path);
    const taken = this.#taken?.get(folded);
    if (taken !== undefined && taken !== location.key) {
      throw describeUnsafeKey(location, `this file system takes it for the same file as ${taken}`);
    }
    this.#taken?.set(folded, location.key);
    const file = this.#findFileAbove(path);
    if (file !== null) throw describeUnsafeKey(location, `${file} is a file`);
    this.#busy.add(path);
    if (!this.#staysBelow(dirname(path))) {
      this.release(path);
      throw describeUnsafeKey(location, 'a link below the destination leads out of it');
    }
    return path;
  }

  /** After its fetch, however that ended. */
  release(path: string): void {
    this.#busy.delete(path);
  }

  #findFileAbove(path: string): string | null {
    const top = dirname(join(this.#directory, 'any'));
    for (let above = dirname(path); above !== top && above !== dirname(above); above = dirname(above)) {
      if (this.#busy.has(above)) return above;
    }
    return null;
  }

  /** A directory that is there may be a link: its real place counts. */
  #staysBelow(directory: string): boolean {
    if (this.#checked.has(directory)) return true;
    const existing = findExisting(resolve(directory));
    const real = realpathSync.native(existing);
    const isAboveRoot = isBelow(this.#root, real);
    if (!isAboveRoot && !isBelow(real, this.#root)) return false;
    // Only what is there is settled; what is missing will be made by us.
    if (existing === resolve(directory) && this.#checked.size < DIRECTORIES_MAX) this.#checked.add(directory);
    return true;
  }
}

/** Whether two names that differ only in case, or in the composition of letters, are one file there. */
async function foldsNames(directory: string): Promise<boolean> {
  const name = `.${randomBytes(6).toString('hex')}-a\u00e9${PARTIAL_SUFFIX}`;
  const path = join(directory, name);
  try {
    await writeFile(path, '', { flag: 'wx' });
  } catch {
    // Then no object can be written either, and that will be said.
    return false;
  }
  try {
    const others = [name.replace('-a', '-A'), name.normalize('NFD')];
    const found = await Promise.all(others.map(async (other) => await stat(join(directory, other)).catch(() => null)));
    return found.some((file) => file !== null);
  } finally {
    await unlink(path).catch(() => undefined);
  }
}

function foldName(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

function findExisting(path: string): string {
  let above = path;
  while (statOrNull(above) === null && above !== dirname(above)) above = dirname(above);
  return above;
}

function isBelow(path: string, root: string): boolean {
  const between = relative(root, path);
  return between === '' || (between !== '..' && !between.startsWith(`..${sep}`) && !isAbsolute(between));
}

function describeUnsafeKey(location: S3Location, why: string): BreakwaterError {
  return new BreakwaterError('local_create', `${nameOf(location)} cannot be a file here: ${why}`, {
    details: { hint: 'get it alone, with a destination of your choice' },
  });
}
