/** A file of an archive. Directories are added where they are needed. */
export interface ArchiveFile {
  /** From the root of the archive, without a slash at its beginning. At most 100 bytes. */
  readonly path: string;
  readonly bytes: Buffer;
  /** Executable by everybody. @default false */
  readonly isExecutable?: boolean;
}

interface Options {
  /** Of every entry, in seconds since 1970, so that the same input gives the same archive. */
  readonly timeS: number;
  /** Before each path, such as `./`. @default '' */
  readonly prefix?: string;
}

interface Entry {
  readonly path: string;
  readonly bytes: Buffer;
  readonly mode: number;
  /** `0` a file, `5` a directory (POSIX.1-1988, ustar). */
  readonly type: '0' | '5';
}

const BLOCK_BYTES = 512;

/** Returns a tar archive in the format ustar, which every tar and dpkg read. Everything belongs to root. */
export function makeTar(files: readonly ArchiveFile[], { timeS, prefix = '' }: Options): Buffer {
  const directories = [...new Set(files.flatMap(({ path }) => parentsOf(path)))].toSorted();
  const entries: readonly Entry[] = [
    ...directories.map(
      (path) => ({ path: `${prefix}${path}/`, bytes: Buffer.alloc(0), mode: 0o755, type: '5' }) as const,
    ),
    ...files.map(
      ({ path, bytes, isExecutable = false }) =>
        ({ path: `${prefix}${path}`, bytes, mode: isExecutable ? 0o755 : 0o644, type: '0' }) as const,
    ),
  ];
  const blocks = entries.flatMap((entry) => [makeHeader(entry, timeS), pad(entry.bytes)]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function parentsOf(path: string): readonly string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_name, index) => names.slice(0, index + 1).join('/'));
}

function makeHeader({ path, bytes, mode, type }: Entry, timeS: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new Error(`too long for this archive: ${path}`);
  const header = Buffer.alloc(BLOCK_BYTES);
  const number = (value: number, at: number, digits: number): void => {
    header.write(`${value.toString(8).padStart(digits, '0')}\0`, at, 'latin1');
  };
  header.write(path, 0);
  number(mode, 100, 7);
  number(0, 108, 7);
  number(0, 116, 7);
  number(bytes.length, 124, 11);
  number(timeS, 136, 11);
  header.write('        ', 148, 'latin1');
  header.write(type, 156, 'latin1');
  header.write('ustar\x0000root', 257, 'latin1');
  header.write('root', 297, 'latin1');
  number(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  return header;
}

function pad(bytes: Buffer): Buffer {
  const rest = bytes.length % BLOCK_BYTES;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(BLOCK_BYTES - rest)]);
}
