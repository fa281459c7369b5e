import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BreakwaterError } from '../../errors.ts';
import type { EventSink } from '../../events.ts';
import type { KeyFilter } from '../../key-filter.ts';
import type { SourceRoot } from './find-sources.ts';
import { readError } from '../local-errors.ts';

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

/** Directory entries per read. The default, 32, would need a call through another thread for every few files. */
const ENTRIES_AT_ONCE = 256;

interface WalkOptions {
  /** Selects by the name below the destination. */
  readonly takes: KeyFilter;
  readonly emit: EventSink;
}

/**
 * The files of several sources: files under their own names, directories as all files below them, in the system's
 * order. Memory does not grow with their number.
 *
 * Below a directory, special files (sockets, pipes, devices) and links to directories, which may form a cycle, are
 * skipped with a warning. A dangling link and an unreadable directory are problems.
 */
export async function* walkFiles(roots: readonly SourceRoot[], options: WalkOptions): AsyncGenerator<WalkedFile> {
  for (const { path, isDirectory } of roots) {
    if (isDirectory) yield* walkDirectory({ path, below: '' }, options);
    else if (options.takes(basename(path))) yield { path, name: basename(path), problem: null, isRegular: false };
  }
}

interface Directory {
  readonly path: string;
  /** Name below the destination, ending with a slash; empty for a source. */
  readonly below: string;
}

async function* walkDirectory(directory: Directory, options: WalkOptions): AsyncGenerator<WalkedFile> {
  try {
    for await (const entry of await opendir(directory.path, { bufferSize: ENTRIES_AT_ONCE })) {
      const found = { path: join(directory.path, entry.name), name: `${directory.below}${entry.name}` };
      if (entry.isDirectory()) yield* walkDirectory({ path: found.path, below: `${found.name}/` }, options);
      else if (options.takes(found.name)) yield* readEntry(entry, { found, emit: options.emit });
    }
  } catch (error) {
    const name = directory.below === '' ? directory.path : directory.below;
    yield { path: directory.path, name, problem: readError(directory.path, error), isRegular: false };
  }
}

async function* readEntry(
  entry: Dirent,
  { found, emit }: { found: { path: string; name: string }; emit: EventSink },
): AsyncGenerator<WalkedFile> {
  const kind = entry.isFile() ? 'file' : await followLink(found.path);
  if (kind === 'file' || kind === 'unreadable') {
    // An unreadable file will fail when opened, with the error to report.
    yield { ...found, problem: null, isRegular: entry.isFile() };
    return;
  }
  const what = kind === 'directory' ? 'it is a link to a directory' : 'it is not a regular file';
  emit({ kind: 'warning', reason: 'not_sent', message: `skipped ${found.path}: ${what}` });
}

async function followLink(path: string): Promise<'file' | 'directory' | 'special' | 'unreadable'> {
  const facts = await stat(path).catch(() => null);
  if (facts === null) return 'unreadable';
  if (facts.isFile()) return 'file';
  return facts.isDirectory() ? 'directory' : 'special';
}
