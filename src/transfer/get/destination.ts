import { realpathSync } from 'node:fs';
import { unlink, writeFile, stat } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { dirname, join, relative, resolve, sep, isAbsolute } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import { PARTIAL_SUFFIX } from './partial-file.ts';
import { statOrNull } from '../local-errors.ts';
import { planObjectPath } from './object-path.ts';
import { nameOf, type S3Location } from '../transfer-context.ts';

/** The most checked directories to remember. */
const DIRECTORIES_MAX = 1024;

/**
 * The directory that many objects are written to. Finds the path for each key, and rejects keys that cannot be a path.
 * If the file system treats two names as the same file, the second key is rejected too.
 */
export class Destination {
  readonly #directory: string;
  /** The directory in the form that paths below it begin with. */
  readonly #top: string;
  readonly #root: string;
  /** Folded names in use; null if the file system distinguishes all names, which saves the memory. */
  readonly #taken: Map<string, string> | null;
  readonly #checked = new Set<string>();
  /** Files being fetched. Once they exist, the file system itself prevents a directory of the same name. */
  readonly #busy = new Set<string>();

  private constructor(directory: string, { root, isFolding }: { root: string; isFolding: boolean }) {
    this.#directory = directory;
    this.#top = dirname(join(directory, 'any'));
    this.#root = root;
    this.#taken = isFolding ? new Map() : null;
  }

  static async open(directory: string, { isFolding }: { isFolding?: boolean } = {}): Promise<Destination> {
    const above = findExisting(resolve(directory));
    const root = join(realpathSync.native(above), relative(above, resolve(directory)));
    return new Destination(directory, { root, isFolding: isFolding ?? (await foldsNames(above)) });
  }

  /**
   * Finds the path of a key, and reserves it until released. Call it in listing order.
   * @throws BreakwaterError `local_create` for a key that cannot be a path here
   */
  reserve(location: S3Location, prefix: string): string {
    const planned = planObjectPath(this.#directory, { key: location.key, prefix });
    if (planned.kind === 'unsafe') throw unsafeKeyError(location, planned.why);
    const { path } = planned;
    if (this.#taken !== null) takeFolded(this.#taken, path, location);
    const file = this.#findFileAbove(path);
    if (file !== null) throw unsafeKeyError(location, `${file} is a file`);
    this.#busy.add(path);
    if (!this.#staysBelow(dirname(path))) {
      this.release(path);
      throw unsafeKeyError(location, 'a link below the destination leads out of it');
    }
    return path;
  }

  /** Call after the fetch, whether it succeeded or not. */
  release(path: string): void {
    this.#busy.delete(path);
  }

  #findFileAbove(path: string): string | null {
    let above = dirname(path);
    while (above !== this.#top) {
      if (this.#busy.has(above)) return above;
      const next = dirname(above);
      if (next === above) return null;
      above = next;
    }
    return null;
  }

  /**
   * Checks the real path of what exists of a directory, because that may be a link. A missing one is looked at again each
   * time, up to a directory that has been checked.
   */
  #staysBelow(directory: string): boolean {
    if (this.#checked.has(directory)) return true;
    const existing = findExisting(resolve(directory), this.#checked);
    if (this.#checked.has(existing)) return true;
    const real = realpathSync.native(existing);
    const isAboveRoot = isBelow(this.#root, real);
    if (!isAboveRoot && !isBelow(real, this.#root)) return false;
    if (this.#checked.size < DIRECTORIES_MAX) this.#checked.add(existing);
    if (existing === resolve(directory) && this.#checked.size < DIRECTORIES_MAX) this.#checked.add(directory);
    return true;
  }
}

/** Whether the file system ignores differences in case or Unicode normalization. */
async function foldsNames(directory: string): Promise<boolean> {
  const name = `.${randomBytes(6).toString('hex')}-a\u00e9${PARTIAL_SUFFIX}`;
  const path = join(directory, name);
  try {
    await writeFile(path, '', { flag: 'wx' });
  } catch {
    // No object can be written either, and that error will be reported.
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

/** @throws BreakwaterError `local_create` if another key has a name that is the same file here */
function takeFolded(taken: Map<string, string>, path: string, location: S3Location): void {
  const folded = foldName(path);
  const other = taken.get(folded);
  if (other !== undefined && other !== location.key) {
    throw unsafeKeyError(location, `this file system treats it as the same file as ${other}`);
  }
  taken.set(folded, location.key);
}

function foldName(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

/** The nearest directory at or above a path that exists. @param known directories that do */
function findExisting(path: string, known: ReadonlySet<string> = new Set()): string {
  let above = path;
  while (!known.has(above) && statOrNull(above) === null && above !== dirname(above)) above = dirname(above);
  return above;
}

function isBelow(path: string, root: string): boolean {
  const between = relative(root, path);
  return between === '' || (between !== '..' && !between.startsWith(`..${sep}`) && !isAbsolute(between));
}

function unsafeKeyError(location: S3Location, why: string): BreakwaterError {
  return new BreakwaterError('local_create', `${nameOf(location)} cannot be a file here: ${why}`, {
    details: { hint: 'get it separately, with a destination of your choice' },
  });
}
