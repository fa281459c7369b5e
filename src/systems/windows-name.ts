import { win32 } from 'node:path';

/** Characters that names cannot contain; a colon would name a stream of a file, a backslash a directory. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const REFUSED = /[<>:"|?*\\\u0000-\u001f]/;

/** Names of devices, with any ending, and with blanks before it. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:\.|$)/i;

/**
 * Why Windows cannot give a file or directory this name, or would give it another one; null if it can (Microsoft, "Naming
 * Files, Paths, and Namespaces").
 */
export function findWindowsProblem(name: string): string | null {
  const refused = REFUSED.exec(name)?.[0];
  if (refused !== undefined) {
    return refused < ' ' ? 'it contains a control character' : `Windows allows no ${refused} in a name`;
  }
  if (name.endsWith('.') || name.endsWith(' ')) return 'Windows drops a dot or blank at the end of a name';
  return DEVICE.test(name) ? 'Windows keeps that name for a device' : null;
}

/** The path of a key's segments below a directory, where all of them can be names on Windows. */
export function planWindowsPath(
  directory: string,
  segments: readonly string[],
): { readonly kind: 'path'; readonly path: string } | { readonly kind: 'unsafe'; readonly why: string } {
  const why = segments.map(findWindowsProblem).find((problem) => problem !== null);
  if (why !== undefined && why !== null) return { kind: 'unsafe', why };
  const path = win32.join(directory, ...segments);
  const below = win32.relative(win32.resolve(directory), win32.resolve(path));
  // Whatever the rules above miss.
  const leaves = below === '' || below === '..' || below.startsWith('..\\') || win32.isAbsolute(below);
  return leaves ? { kind: 'unsafe', why: 'it would leave the destination' } : { kind: 'path', path };
}
