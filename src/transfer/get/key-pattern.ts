/** Keys to be listed, and which of them are meant. */
export interface KeyPattern {
  /** What every key begins with. */
  readonly prefix: string;
  /** What follows the prefix's last slash must fit it, as in a shell: `*` stops at a slash, `**` does not. Absent: all. */
  readonly pattern?: string;
}

/** Reads a key with `*`, `?` or `[` as a pattern; null where it has none of them. */
export function findPattern(key: string): KeyPattern | null {
  const at = key.search(/[*?[]/);
  if (at === -1) return null;
  const prefix = key.slice(0, at);
  return { prefix, pattern: key.slice(prefix.lastIndexOf('/') + 1) };
}
