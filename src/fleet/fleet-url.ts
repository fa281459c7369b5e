import { domainToASCII } from 'node:url';
import { BreakwaterError } from '../errors.ts';

/** Where the engine is, and who asks it. */
export interface FleetTarget {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly username: string | null;
  /** Never printed, logged or stored. */
  readonly password: string | null;
  /** Null for plain TCP. */
  readonly tls: { readonly certificates: string | null } | null;
  /** The engine without user and password, for messages and for what is kept about it. */
  readonly name: string;
}

const DEFAULT_PORT = 6379;
const DATABASE_MAX = 10_000;

/**
 * Reads the URL of an engine: `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS.
 * @param origin what has set it, for messages
 * @throws BreakwaterError `config` or `usage`, without the URL, which may contain a password
 */
export function parseFleetUrl(
  text: string,
  { origin, certificates = null }: { readonly origin: string; readonly certificates?: string | null },
): FleetTarget {
  const refuse = (why: string): never => {
    throw new BreakwaterError(origin.startsWith('--') ? 'usage' : 'config', `${origin} ${why}`, {
      details: { reason: 'bad_fleet_url', hint: 'expected redis://host:6379 or rediss://host:6379, with one host' },
    });
  };
  if (/^(?:redis|rediss|valkey)[+-]?(?:sentinel|cluster)/i.test(text)) {
    refuse('names a Sentinel or a cluster, which are not supported: name the one server that takes the writes');
  }
  if (/^[a-z]+:\/\/[^/]*,/i.test(text)) refuse('names several servers; a fleet has one');
  const url = URL.parse(text);
  if (url === null) return refuse('is not a URL');
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') refuse('is no redis or rediss URL');
  if (url.hostname === '') refuse('has no host');
  const host = readHost(url.hostname) ?? refuse('has a host that is no name and no address');
  if (url.search !== '' || url.hash !== '') refuse('has options behind the database, and none is supported');
  const database = url.pathname.replace(/^\//, '');
  if (!/^\d{0,5}$/.test(database) || Number(database) > DATABASE_MAX) refuse('has no number of a database as its path');
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  return {
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port,
    database: Number(database),
    username: decode(url.username) ?? null,
    password: decode(url.password) ?? null,
    tls: url.protocol === 'rediss:' ? { certificates } : null,
    name: `${url.protocol}//${host}:${port}/${Number(database)}`,
  };

  function decode(part: string): string | undefined {
    if (part === '') return undefined;
    try {
      return decodeURIComponent(part);
    } catch {
      return refuse('has a user or password with a percent sign that is not encoded');
    }
  }
}

/**
 * The host as name servers and certificates know it. `URL` only percent-encodes that of a scheme it does not know: neither
 * are such characters decoded, nor names in other letters than ASCII (RFC 5890).
 */
function readHost(hostname: string): string | null {
  if (hostname.startsWith('[')) return hostname;
  try {
    const decoded = decodeURIComponent(hostname);
    const name = /[/\\?#@:[\]]/.test(decoded) ? '' : domainToASCII(decoded);
    return name === '' ? null : name;
  } catch {
    return null;
  }
}
