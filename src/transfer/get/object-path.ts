import { join } from 'node:path';
import { platform as ownPlatform } from 'node:process';
import { findWindowsProblem, planWindowsPath } from '../../systems/windows-name.ts';

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
export function planObjectPath(
  directory: string,
  { key, prefix }: { key: string; prefix: string },
  platform = ownPlatform,
): PlannedPath {
  const name = key.slice(prefix.lastIndexOf('/') + 1);
  if (name.endsWith('/') || name === '') return { kind: 'unsafe', why: 'its key ends with a slash' };
  const segments = name.split('/');
  for (const segment of segments) {
    if (segment === '') return { kind: 'unsafe', why: 'it has an empty segment' };
    if (segment === '.' || segment === '..') return { kind: 'unsafe', why: 'it has a "." or ".." segment' };
    if (isTooLong(segment)) return { kind: 'unsafe', why: 'a segment is too long for a file name' };
  }
  if (name.includes('\0')) return { kind: 'unsafe', why: 'it contains a NUL byte' };
  return platform === 'win32' ? planWindowsPath(directory, segments) : { kind: 'path', path: join(directory, name) };
}

function isTooLong(segment: string): boolean {
  // UTF-8 takes at most three bytes for a UTF-16 unit.
  return segment.length * 3 > SEGMENT_BYTES_MAX && Buffer.byteLength(segment) > SEGMENT_BYTES_MAX;
}

/** Whether a name can name a file in a directory. */
export function isFileName(name: string, platform = ownPlatform): boolean {
  const isName = name !== '' && name !== '.' && name !== '..' && !name.includes('\0');
  return isName && (platform !== 'win32' || findWindowsProblem(name) === null);
}

/** The last segment of a key, which names its file; empty for a key that ends with a slash. */
export function baseNameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
