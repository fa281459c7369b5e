import type { AskedRange } from '../../s3/download/download-request.ts';
import { refuseValue } from '../settings/resolve-settings.ts';

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
  // A letter alone is binary, as in `dd`, `split` and `ls -h`.
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/** The forms that `parseSize` accepts, for error messages and help. */
export const SIZE_FORMS =
  'a size with a unit (B, KB, MB, GB, TB, KiB, MiB, GiB, TiB), such as 8MiB, 8M (the same) or 1GB';

/**
 * Parses `8MiB`, `8M` (the same) or `1GB` to whole bytes; units are case-insensitive.
 * @returns undefined if the text is not a size, or is too large
 */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([a-z]{1,3})$/i.exec(text);
  const unitBytes = UNITS[match?.[2]?.toLowerCase() ?? ''];
  if (match === null || unitBytes === undefined) return undefined;
  const bytes = Math.round(Number(match[1]) * unitBytes);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Formats bytes in the largest binary unit that divides them exactly, so that `parseSize` returns the same number. */
export function formatSize(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const unitBytes = UNITS[unit.toLowerCase()] ?? 1;
    if (bytes >= unitBytes && bytes % unitBytes === 0) return `${bytes / unitBytes}${unit}`;
  }
  return `${bytes}B`;
}

/**
 * Parses a byte range in HTTP's syntax, with or without `bytes=`: `0-99` (last byte included), `100-`, `-20`.
 * @throws BreakwaterError `usage`
 */
export function parseByteRange(text: string): AskedRange {
  const match = /^(?:bytes=)?(\d{0,15})-(\d{0,15})$/.exec(text);
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last !== '' && Number(last) > 0) return { kind: 'last', bytes: Number(last) };
  if (first !== '' && (last === '' || Number(first) <= Number(last))) {
    return { kind: 'from', first: Number(first), last: last === '' ? null : Number(last) };
  }
  throw refuseValue({ name: '--range', value: text, accepts: 'FIRST-LAST, FIRST- or -COUNT, in bytes' });
}

/** Loopback by default, because metrics reveal bucket names: only the user may expose them to other hosts. */
export const DEFAULT_LISTEN = '127.0.0.1:8080';

/**
 * Parses `PORT`, `HOST:PORT` or `[IPv6]:PORT`.
 * @throws BreakwaterError `usage`
 */
export function parseListen(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw refuseValue({ name: '--listen', value: text, accepts: '[HOST:]PORT, such as 8080 or 127.0.0.1:8080' });
  }
  return { host: match[1] ?? match[2] ?? '127.0.0.1', port };
}
