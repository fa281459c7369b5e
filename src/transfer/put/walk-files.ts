import { isUtf8 } from 'node:buffer';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { BreakwaterError } from '../../errors.ts';
import type { EventSink } from '../../events.ts';
import type { KeyFilter } from '../../key-filter.ts';
import type { SourceRoot } from './find-sources.ts';
import { eachItem } from '../item-supply.ts';
import { readDirectory } from './read-directory.ts';
import { readTag } from '../partial-name.ts';
import { isMangled, notUtf8Error, readError, statOrNull } from '../local-errors.ts';

/** One file of several to send. */
export interface WalkedFile {
  readonly path: string;
  /** Name below the destination, with slashes on every system. */
  readonly name: string;
  /** Why the file or directory cannot be sent; null if no problem is known. */
  readonly problem: BreakwaterError | null;
  /** Whether its directory lists it as a regular file. */
  readonly isRegular: boolean;
}

/** After how many reads everything else gets its turn: a few ms at most, also where the filter takes nothing. */
const READS_A_TURN = 8;

export interface WalkOptions {
  /** Selects by the name below the destination. */
  readonly takes: KeyFilter;
  /** Called with each read of a directory, before its files are given out. @default nothing */
  readonly onRead?: () => void;
  readonly emit: EventSink;
}

/**
 * The files of several sources: files under their own names, directories as all files below them, in the system's
 * order. Memory does not grow with their number. Several come together, or none, as they are read.
 *
 * Below a directory, special files (sockets, pipes, devices) and links to directories, which may form a cycle, are
 * skipped with a warning, and so are the temporary files of downloads, with one warning for all. A dangling link, an
 * unreadable directory and a name that is not UTF-8 are problems.
 */
export async function* walkTogether(
  roots: readonly SourceRoot[],
  options: WalkOptions,
): AsyncGenerator<readonly WalkedFile[]> {
  let reads = 0;
  const passed: Passed = { partials: 0, first: '' };
  for (const files of walkRoots(roots, { ...options, passed })) {
    options.onRead?.();
    yield files;
    reads += 1;
    if (reads % READS_A_TURN === 0) await setImmediate();
  }
  if (passed.partials > 0) warnOfPartials(passed, options);
}

/** The temporary files that the walk has passed over. */
interface Passed {
  partials: number;
  /** The path of the first one. */
  first: string;
}

interface Walk extends WalkOptions {
  readonly passed: Passed;
}

/** The same files as `walkTogether`, one by one. */
export function walkFiles(roots: readonly SourceRoot[], options: WalkOptions): AsyncGenerator<WalkedFile> {
  return eachItem(walkTogether(roots, options));
}

function* walkRoots(roots: readonly SourceRoot[], options: Walk): Generator<readonly WalkedFile[]> {
  for (const { path, isDirectory } of roots) {
    if (isDirectory) yield* walkDirectory({ path, below: '' }, options);
    else if (options.takes(basename(path))) yield [{ path, name: basename(path), problem: null, isRegular: false }];
  }
}

interface Directory {
  readonly path: string;
  /** Name below the destination, ending with a slash; empty for a source. */
  readonly below: string;
}

function* walkDirectory(directory: Directory, options: Walk): Generator<readonly WalkedFile[]> {
  const start = join(directory.path, '_').slice(0, -1);
  try {
    for (const entries of readDirectory(directory.path)) {
      let files: WalkedFile[] = [];
      for (const entry of entries) {
        const text = entry.name.toString();
        const found = { path: `${start}${text}`, name: `${directory.below}${text}` };
        if (isMangled(text) && !isUtf8(entry.name)) {
          if (entry.isDirectory() || options.takes(found.name)) files.push(refuseName(entry.name, directory));
        } else if (entry.isDirectory()) {
          yield files;
          files = [];
          yield* walkDirectory({ path: found.path, below: `${found.name}/` }, options);
        } else if (options.takes(found.name)) {
          if (readTag(text) !== null) {
            notePartial(found.path, options.passed);
            continue;
          }
          const isRegular = entry.isFile();
          if (isRegular || isSendable(found.path, options)) files.push({ ...found, problem: null, isRegular });
        }
      }
      yield files;
    }
  } catch (error) {
    const name = directory.below === '' ? directory.path : directory.below;
    yield [{ path: directory.path, name, problem: readError(directory.path, error), isRegular: false }];
  }
}

/** A file or directory whose name cannot be part of a key; its bytes are shown as `\xe9`. */
function refuseName(bytes: Buffer, { path, below }: Directory): WalkedFile {
  const shown = bytes.toString('latin1').replaceAll(/[^\x20-\x7e]/g, (byte) => {
    return `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  const whole = join(path, shown);
  return { path: whole, name: `${below}${shown}`, problem: notUtf8Error(whole), isRegular: false };
}

function notePartial(path: string, passed: Passed): void {
  if (passed.partials === 0) passed.first = path;
  passed.partials += 1;
}

/** They are incomplete, and a `get` may be writing them. */
function warnOfPartials({ partials, first }: Passed, { emit }: WalkOptions): void {
  const message =
    partials === 1
      ? `skipped ${first}: it is the temporary file of a download`
      : `skipped ${partials} temporary files of downloads, such as ${first}`;
  emit({ kind: 'warning', reason: 'not_sent', message });
}

/** Whether what is no regular file leads to one; warns if not. */
function isSendable(path: string, { emit }: WalkOptions): boolean {
  const facts = statOrNull(path);
  // An unreadable file will fail when opened, with the error to report.
  if (facts === null || facts.isFile()) return true;
  const what = facts.isDirectory() ? 'it is a link to a directory' : 'it is not a regular file';
  emit({ kind: 'warning', reason: 'not_sent', message: `skipped ${path}: ${what}` });
  return false;
}
