import { isUtf8 } from 'node:buffer';
import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BreakwaterError } from '../../errors.ts';
import type { EventSink } from '../../events.ts';
import type { KeyFilter } from '../../key-filter.ts';
import type { SourceRoot } from './find-sources.ts';
import { isMangled, notUtf8Error, readError } from '../local-errors.ts';

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
 * order. Memory does not grow with their number. Several come together, as they are read from their directory.
 *
 * Below a directory, special files (sockets, pipes, devices) and links to directories, which may form a cycle, are
 * skipped with a warning. A dangling link, an unreadable directory and a name that is not UTF-8 are problems.
 */
export async function* walkTogether(
  roots: readonly SourceRoot[],
  options: WalkOptions,
): AsyncGenerator<readonly WalkedFile[]> {
  for (const { path, isDirectory } of roots) {
    if (isDirectory) yield* walkDirectory({ path, below: '' }, options);
    else if (options.takes(basename(path))) yield [{ path, name: basename(path), problem: null, isRegular: false }];
  }
}

/** The same files as `walkTogether`, one by one. */
export async function* walkFiles(roots: readonly SourceRoot[], options: WalkOptions): AsyncGenerator<WalkedFile> {
  for await (const files of walkTogether(roots, options)) yield* files;
}

interface Directory {
  readonly path: string;
  /** Name below the destination, ending with a slash; empty for a source. */
  readonly below: string;
}

async function* walkDirectory(directory: Directory, options: WalkOptions): AsyncGenerator<readonly WalkedFile[]> {
  const start = join(directory.path, '_').slice(0, -1);
  try {
    for await (const entries of readEntries(directory.path)) {
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
          const isRegular = entry.isFile();
          if (isRegular || (await isSendable(found.path, options))) files.push({ ...found, problem: null, isRegular });
        }
      }
      yield files;
    }
  } catch (error) {
    const name = directory.below === '' ? directory.path : directory.below;
    yield [{ path: directory.path, name, problem: readError(directory.path, error), isRegular: false }];
  }
}

/** The entries of a directory, several at a time. Their names are bytes: one that is not UTF-8 would name another file. */
async function* readEntries(path: string): AsyncGenerator<readonly Dirent<Buffer>[]> {
  const directory = await openEntries(path);
  try {
    for (;;) {
      // Only the first one waits for the disk, in another thread. The others are in memory by then.
      const first = await directory.read();
      if (first === null) return;
      yield [first, ...takeReady(directory)];
    }
  } finally {
    await directory.close();
  }
}

function takeReady(directory: EntryReader): readonly Dirent<Buffer>[] {
  const entries: Dirent<Buffer>[] = [];
  while (entries.length < ENTRIES_AT_ONCE - 1) {
    const entry = directory.readSync();
    if (entry === null) break;
    entries.push(entry);
  }
  return entries;
}

interface EntryReader {
  readonly read: () => Promise<Dirent<Buffer> | null>;
  readonly readSync: () => Dirent<Buffer> | null;
  readonly close: () => Promise<void>;
}

async function openEntries(path: string): Promise<EntryReader> {
  const encoding = 'buffer' as BufferEncoding;
  // Node's types lack this encoding, which its documentation of `opendir` has.
  return (await opendir(path, { bufferSize: ENTRIES_AT_ONCE, encoding })) as unknown as EntryReader;
}

/** A file or directory whose name cannot be part of a key; its bytes are shown as `\xe9`. */
function refuseName(bytes: Buffer, { path, below }: Directory): WalkedFile {
  const shown = bytes.toString('latin1').replaceAll(/[^\x20-\x7e]/g, (byte) => {
    return `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  const whole = join(path, shown);
  return { path: whole, name: `${below}${shown}`, problem: notUtf8Error(whole), isRegular: false };
}

/** Whether what is no regular file leads to one; warns if not. */
async function isSendable(path: string, { emit }: WalkOptions): Promise<boolean> {
  const kind = await followLink(path);
  // An unreadable file will fail when opened, with the error to report.
  if (kind === 'file' || kind === 'unreadable') return true;
  const what = kind === 'directory' ? 'it is a link to a directory' : 'it is not a regular file';
  emit({ kind: 'warning', reason: 'not_sent', message: `skipped ${path}: ${what}` });
  return false;
}

async function followLink(path: string): Promise<'file' | 'directory' | 'special' | 'unreadable'> {
  const facts = await stat(path).catch(() => null);
  if (facts === null) return 'unreadable';
  if (facts.isFile()) return 'file';
  return facts.isDirectory() ? 'directory' : 'special';
}
