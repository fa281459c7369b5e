import { isIP } from 'node:net';

/**
 * Tells whether a request with this `Host` header may be answered.
 *
 * A page in a browser can point a name of its own at this address (DNS rebinding) and would then read bucket names. So
 * only names that nobody else can point here are answered: IP addresses, which need no DNS, `localhost`, and `names`.
 * Requests without a host (HTTP/1.0) do not come from browsers.
 * @param names compared without case; without port
 */
export function isAllowedHost(header: string | undefined, names: readonly string[]): boolean {
  if (header === undefined || header === '') return true;
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header);
  const host = (match?.[1] ?? match?.[2] ?? '').toLowerCase().replace(/\.$/, '');
  if (host === 'localhost' || host.endsWith('.localhost') || isIP(host) !== 0) return true;
  return names.some((name) => name.toLowerCase() === host);
}
