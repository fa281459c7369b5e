import { refuseValue } from '../settings/resolve-settings.ts';

/** Loopback: metrics name buckets, which are nobody else's business unless you say so. */
export const DEFAULT_LISTEN = '127.0.0.1:8080';

/**
 * Reads `PORT`, `HOST:PORT` or `[IPv6]:PORT`.
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
