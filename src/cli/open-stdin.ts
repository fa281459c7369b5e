import { createReadStream, fstatSync, readFileSync, readlinkSync, ReadStream, type Stats } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { BreakwaterError } from '../errors.ts';
import { readFields } from '../read-fields.ts';

/** The bits of a descriptor's flags that state how it was opened (POSIX, fcntl.h). */
const ACCESS_MODE = 0o3;
const WRITE_ONLY = 0o1;
const READ_AND_WRITE = 0o2;

/**
 * Prepares standard input to be read. Node replaces what it cannot read with an empty stream, which must not become an
 * empty object: a directory is refused, and so is a closed standard input; block devices and other unusual files are
 * read through their descriptor.
 * @param stdin a stream without a descriptor is returned unchanged
 * @throws BreakwaterError `local_io`
 */
export function openStdin(stdin: Readable): Readable {
  const { fd } = readFields(stdin);
  if (typeof fd !== 'number') return stdin;
  const facts = fstatSync(fd);
  if (facts.isDirectory()) throw unreadableError('it is a directory');
  refuseClosed(fd, facts);
  // Node knows files, character devices, pipes and most sockets.
  const isKnown = stdin instanceof ReadStream || stdin instanceof Socket;
  return isKnown ? stdin : createReadStream('', { fd, autoClose: false });
}

/**
 * Node opens `/dev/null` in place of a closed standard input, for reading and writing. A shell's `< /dev/null` opens it
 * only for reading, which asks for an empty input. Where the system does not show the difference, nothing is refused.
 */
function refuseClosed(fd: number, facts: Stats): void {
  const mode = readAccessMode(fd);
  if (mode === WRITE_ONLY) throw unreadableError('it is not open for reading');
  const isNull = facts.isCharacterDevice() && mode === READ_AND_WRITE && readlinkSync(pathOf(fd)) === '/dev/null';
  if (isNull) throw unreadableError('it is closed', 'for an empty input: < /dev/null');
}

/** How a descriptor was opened; null where the system does not show it (proc_pid_fdinfo(5), Linux). */
function readAccessMode(fd: number): number | null {
  try {
    const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
    return flags === undefined ? null : Number.parseInt(flags, 8) & ACCESS_MODE;
  } catch {
    return null;
  }
}

function pathOf(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

function unreadableError(
  why: string,
  hint = 'pipe bytes into the command, or redirect a file: < FILE',
): BreakwaterError {
  return new BreakwaterError('local_io', `cannot read standard input: ${why}`, { details: { hint } });
}
