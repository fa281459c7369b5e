import { opendirSync, type Dirent } from 'node:fs';

/** Entries that are read together. */
const ENTRIES_AT_ONCE = 256;

/**
 * The entries of a directory, up to 256 at a time, so that memory does not grow with its size. Their names are bytes,
 * because one that is not UTF-8 would be decoded to the name of another file, or of none.
 *
 * Reads synchronously, as small files are read: through Node's thread pool, a tree of many small directories took more
 * than twice as long.
 * @throws Node's own error
 */
export function* readDirectory(path: string): Generator<readonly Dirent<Buffer>[]> {
  const directory = openDirectory(path);
  try {
    for (;;) {
      const entries = takeEntries(directory);
      if (entries.length > 0) yield entries;
      if (entries.length < ENTRIES_AT_ONCE) return;
    }
  } finally {
    directory.closeSync();
  }
}

function takeEntries(directory: EntryReader): readonly Dirent<Buffer>[] {
  const entries: Dirent<Buffer>[] = [];
  while (entries.length < ENTRIES_AT_ONCE) {
    const entry = directory.readSync();
    if (entry === null) break;
    entries.push(entry);
  }
  return entries;
}

interface EntryReader {
  readonly readSync: () => Dirent<Buffer> | null;
  readonly closeSync: () => void;
}

function openDirectory(path: string): EntryReader {
  const encoding = 'buffer' as BufferEncoding;
  // Node's types lack this encoding, which its documentation of `opendir` has.
  return opendirSync(path, { bufferSize: ENTRIES_AT_ONCE, encoding }) as unknown as EntryReader;
}
