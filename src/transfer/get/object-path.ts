import { isAbsolute, join, relative, resolve, sep } from 'node:path';

/** The longest name of a file or directory, in bytes. */
const SEGMENT_BYTES_MAX = 255;

export type PlannedPath =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'unsafe'; readonly why: string };

/**
 * The path of a listed key below `directory`: the part after the prefix's last slash.
 *
 * Keys are not trusted: one that would leave the directory, or is not a valid file name here, is `unsafe`.
 */
export function planObjectPath(directory: string, { key, prefix }: { key: string; prefix: string }): PlannedPath {
  const name = key.slice(prefix.lastIndexOf('/') + 1);
  if (name.endsWith('/') || name === '') return { kind: 'unsafe', why: 'its key ends with a slash' };
  const segments = name.split('/');
  for (const segment of segments) {
    if (segment === '') return { kind: 'unsafe', why: 'it has an empty segment' };
    if (segment === '.' || segment === '..') return { kind: 'unsafe', why: 'it has a "." or ".." segment' };
    if (isTooLong(segment)) return { kind: 'unsafe', why: 'a segment is too long for a file name' };
  }
  if (name.includes('\0')) return { kind: 'unsafe', why: 'it contains a NUL byte' };
  const path = join(directory, name);
  // What the rules above miss on a system with drive letters and backslashes.
  if (sep !== '/' && leaves(directory, path)) return { kind: 'unsafe', why: 'it would leave the destination' };
  return { kind: 'path', path };
}

function isTooLong(segment: string): boolean {
  // UTF-8 takes at most three bytes for a UTF-16 unit.
  return segment.length * 3 > SEGMENT_BYTES_MAX && Buffer.byteLength(segment) > SEGMENT_BYTES_MAX;
}

function leaves(directory: string, path: string): boolean {
  const below = relative(resolve(directory), resolve(path));
  return below === '' || below.startsWith(`..${sep}`) || below === '..' || isAbsolute(below);
}

/** Whether a name can name a file in a directory. */
export function isFileName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('\0');
}

/** The last segment of a key, which names its file; empty for a key that ends with a slash. */
export function baseNameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
