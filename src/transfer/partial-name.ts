/** The end of every temporary name, by which a later run recognizes leftovers of a killed one. */
export const PARTIAL_SUFFIX = '.breakwater-part';

/** `.NAME.TAG.breakwater-part`. The tag is random, followed by a number if several files share it. */
const PARTIAL_NAME = /^\..*\.([0-9a-f]{12})(?:-\d+)?\.breakwater-part$/s;

/** The longest file name on common file systems, in bytes. */
const NAME_BYTES_MAX = 255;

/** The temporary name for a download to `name`. */
export function partialName(name: string, tag: string): string {
  const ending = `.${tag}${PARTIAL_SUFFIX}`;
  // UTF-8 takes at most three bytes for a UTF-16 unit.
  if (3 * name.length + ending.length < NAME_BYTES_MAX) return `.${name}${ending}`;
  // A long name is cut by bytes, so that the temporary name fits too.
  const stem = Buffer.from(name)
    .subarray(0, NAME_BYTES_MAX - ending.length - 1)
    .toString('utf8')
    .replaceAll('\uFFFD', '');
  return `.${stem}${ending}`;
}

/** The tag in the name of a temporary file, without its number; null if it is not such a name. */
export function readTag(name: string): string | null {
  return PARTIAL_NAME.exec(name)?.[1] ?? null;
}
