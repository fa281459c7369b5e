import { isAbsolute, join, relative, resolve, sep } from 'node:path';

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
  const segments = name.split('/');
  if (name.endsWith('/') || name === '') return { kind: 'unsafe', why: 'its key ends with a slash' };
  if (segments.includes('')) return { kind: 'unsafe', why: 'it has an empty segment' };
  if (segments.includes('.') || segments.includes('..')) return { kind: 'unsafe', why: 'it has a "." or ".." segment' };
  if (name.includes('\0')) return { kind: 'unsafe', why: 'it contains a NUL byte' };
  if (segments.some((segment) => Buffer.byteLength(segment) > 255)) {
    return { kind: 'unsafe', why: 'a segment is too long for a file name' };
  }
  const path = join(directory, ...segments);
  const below = relative(resolve(directory), resolve(path));
  // Catches what the rules above miss on this system (drive letters, backslashes).
  if (below === '' || below.startsWith(`..${sep}`) || below === '..' || isAbsolute(below)) {
    return { kind: 'unsafe', why: 'it would leave the destination' };
  }
  return { kind: 'path', path };
}

/** Whether a name can name a file in a directory. */
export function isFileName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('\0');
}

/** The last segment of a key, which names its file; empty for a key that ends with a slash. */
export function baseNameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
