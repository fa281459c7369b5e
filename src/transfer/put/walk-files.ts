import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BreakwaterError } from '../../errors.ts';
import type { EventSink } from '../../events.ts';
import type { KeyFilter } from '../../key-filter.ts';
import type { SourceRoot } from './find-sources.ts';
import { describeUnreadable } from '../local-errors.ts';

/** One file of several to send. */
export interface FoundFile {
  readonly path: string;
  /** What it is called below the destination: with slashes, whatever the system. */
  readonly name: string;
  /** Why it, or the directory of that name, cannot be sent; null where nothing is known to stand in the way. */
  readonly problem: BreakwaterError | null;
  /** Its directory says that it is a regular file. */
  readonly isRegular: boolean;
}

/** Of a directory, in one call: the default, 32, is a call through another thread for each few files. */
const ENTRIES_AT_ONCE = 256;

interface WalkOptions {
  /** By the name below the destination. */
  readonly takes: KeyFilter;
  readonly emit: EventSink;
}

/**
 * The files of several sources: files by their own name, directories as all the files below them, in the order in
 * which the system gives them; memory does not grow with their number.
 *
 * Below a directory, what is no file (sockets, pipes, devices) and links to directories, which may lead in a circle,
 * are left out with a warning; a link that leads nowhere and a directory that cannot be read are problems.
 */
export async function* walkFiles(roots: readonly SourceRoot[], options: WalkOptions): AsyncGenerator<FoundFile> {
  for (const { path, isDirectory } of roots) {
    if (isDirectory) yield* walkDirectory({ path, below: '' }, options);
    else if (options.takes(basename(path))) yield { path, name: basename(path), problem: null, isRegular: false };
  }
}

interface Directory {
  readonly path: string;
  /** Its name below the destination, with a slash at its end; empty for a source. */
  readonly below: string;
}

async function* walkDirectory(directory: Directory, options: WalkOptions): AsyncGenerator<FoundFile> {
  try {
    for await (const entry of await opendir(directory.path, { bufferSize: ENTRIES_AT_ONCE })) {
      const place = { path: join(directory.path, entry.name), name: `${directory.below}${entry.name}` };
      if (entry.isDirectory()) yield* walkDirectory({ path: place.path, below: `${place.name}/` }, options);
      else if (options.takes(place.name)) yield* lookAtEntry(entry, { place, emit: options.emit });
    }
  } catch (error) {
    const name = directory.below === '' ? directory.path : directory.below;
    yield { path: directory.path, name, problem: describeUnreadable(directory.path, error), isRegular: false };
  }
}

async function* lookAtEntry(
  entry: Dirent,
  { place, emit }: { place: { path: string; name: string }; emit: EventSink },
): AsyncGenerator<FoundFile> {
  const kind = entry.isFile() ? 'file' : await followLink(place.path);
  if (kind === 'file' || kind === 'unreadable') {
    // Opening it will say what is wrong, in the words of the error to come.
    yield { ...place, problem: null, isRegular: entry.isFile() };
    return;
  }
  const what = kind === 'directory' ? 'it is a link to a directory' : 'it is no regular file';
  emit({ kind: 'warning', reason: 'not_sent', message: `${place.path} is left out: ${what}` });
}

async function followLink(path: string): Promise<'file' | 'directory' | 'special' | 'unreadable'> {
  const facts = await stat(path).catch(() => null);
  if (facts === null) return 'unreadable';
  if (facts.isFile()) return 'file';
  return facts.isDirectory() ? 'directory' : 'special';
}
