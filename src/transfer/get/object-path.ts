import { isAbsolute, join, relative, resolve, sep } from 'node:path';

export type PlannedPath =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'unsafe'; readonly why: string };

/**
 * Where a key of a listing goes below `directory`: what follows the prefix's last slash, as a path.
 *
 * A key is a stranger's text: one that would leave the directory, or that is no file name here, is `unsafe`.
 */
export function planObjectPath(directory: string, { key, prefix }: { key: string; prefix: string }): PlannedPath {
  const name = key.slice(prefix.lastIndexOf('/') + 1);
  const segments = name.split('/');
  if (segments.includes('')) return { kind: 'unsafe', why: 'it has an empty segment' };
  if (segments.includes('.') || segments.includes('..')) return { kind: 'unsafe', why: 'it has a "." or ".." segment' };
  if (name.includes('\0')) return { kind: 'unsafe', why: 'it contains a NUL byte' };
  if (segments.some((segment) => Buffer.byteLength(segment) > 255)) {
    return { kind: 'unsafe', why: 'a segment is longer than a file name may be' };
  }
  const path = join(directory, ...segments);
  const below = relative(resolve(directory), resolve(path));
  // Whatever the rules above have missed on this system (drive letters, backslashes) must still stay below.
  if (below === '' || below.startsWith(`..${sep}`) || below === '..' || isAbsolute(below)) {
    return { kind: 'unsafe', why: 'it would leave the destination' };
  }
  return { kind: 'path', path };
}

/** Whether a name can be that of a file: in a directory, it must not stand for another one. */
export function isFileName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('\0');
}

/** The last segment of a key, the name of its file; empty for a key that ends with a slash. */
export function baseNameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
