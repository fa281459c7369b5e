import { realpathSync } from 'node:fs';
import { unlink, writeFile, stat } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { dirname, join, relative, resolve, sep, isAbsolute } from 'node:path';
import { BreakwaterError } from '../../errors.ts';
import { PARTIAL_SUFFIX } from '../partial-name.ts';
import { isSystemDirectory } from '../../files/system-place.ts';
import { statOrNull } from '../local-errors.ts';
import { planObjectPath } from './object-path.ts';
import { nameOf, type S3Location } from '../transfer-context.ts';

/** The most checked directories to remember. */
const DIRECTORIES_MAX = 1024;

/** How long a check is valid, in ms: long enough to cost nothing, short enough to notice a link that is switched during a run. */
const CHECKED_FOR_MS = 1000;

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
  readonly #checked = new Map<string, CheckedDirectory>();
  readonly #monotonic: () => number;
  /** Files being fetched. Once they exist, the file system itself prevents a directory of the same name. */
  readonly #busy = new Set<string>();

  private constructor(
    directory: string,
    { root, isFolding, monotonic }: { root: string; isFolding: boolean; monotonic: () => number },
  ) {
    this.#monotonic = monotonic;
    this.#directory = directory;
    this.#top = dirname(join(directory, 'any'));
    this.#root = root;
    this.#taken = isFolding ? new Map() : null;
  }

  /** @param monotonic as of the command's clock, in ms */
  static async open(
    directory: string,
    { isFolding, monotonic }: { isFolding?: boolean; readonly monotonic: () => number },
  ): Promise<Destination> {
    const above = findExisting(resolve(directory));
    const root = join(realpathSync.native(above), relative(above, resolve(directory)));
    return new Destination(directory, { root, isFolding: isFolding ?? (await foldsNames(above)), monotonic });
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
    const why = this.#findEscape(dirname(path));
    if (why === null) return path;
    this.release(path);
    throw unsafeKeyError(location, why);
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
   * time, up to a directory that has been checked; that one is checked again after a while, because it may have been replaced.
   * @returns why nothing may be written there; null if it may
   */
  #findEscape(directory: string): string | null {
    const nowMs = this.#monotonic();
    const existing = this.#checked.has(directory) ? directory : findExisting(resolve(directory), this.#checked);
    const known = this.#checked.get(existing);
    if (known !== undefined && nowMs - known.atMs < CHECKED_FOR_MS) return null;
    const real = realPathOrNull(existing);
    // Removed meanwhile: the directory above it is checked instead.
    if (real === null) return this.#checked.delete(existing) ? this.#findEscape(directory) : null;
    if (known !== undefined && known.real !== real) return `${existing} has become another directory meanwhile`;
    if (!isBelow(this.#root, real) && !isBelow(real, this.#root)) return 'a link below the destination leads out of it';
    // A file there would take the place of a device, or of a link that every program uses.
    if (isSystemDirectory(real)) return `${real} belongs to the system`;
    for (const place of existing === resolve(directory) ? [existing, directory] : [existing]) {
      if (this.#checked.size < DIRECTORIES_MAX || this.#checked.has(place))
        this.#checked.set(place, { real, atMs: nowMs });
    }
    return null;
  }
}

interface CheckedDirectory {
  /** Its path without links. */
  readonly real: string;
  /** When it was checked, by the monotonic clock, in ms. */
  readonly atMs: number;
}

function realPathOrNull(path: string): string | null {
  try {
    return realpathSync.native(path);
  } catch {
    return null;
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
function findExisting(path: string, known: Pick<ReadonlySet<string>, 'has'> = new Set()): string {
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
