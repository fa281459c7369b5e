const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
};

/** What `parseSize` takes, as error messages and help say it. */
export const SIZE_FORMS = 'a size with a unit (B, KB, MB, GB, TB, KiB, MiB, GiB, TiB), such as 8MiB or 1GB';

/**
 * Reads `8MiB` or `1GB` as whole bytes; the case of the unit does not matter.
 * @returns undefined where the text is no size, or too large to count
 */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([a-z]{1,3})$/i.exec(text);
  const unitBytes = UNITS[match?.[2]?.toLowerCase() ?? ''];
  if (match === null || unitBytes === undefined) return undefined;
  const bytes = Math.round(Number(match[1]) * unitBytes);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Writes whole bytes so that `parseSize` reads the same again, in the largest binary unit that divides them. */
export function formatSize(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const unitBytes = UNITS[unit.toLowerCase()] ?? 1;
    if (bytes >= unitBytes && bytes % unitBytes === 0) return `${bytes / unitBytes}${unit}`;
  }
  return `${bytes}B`;
}
