import { BlockList, isIP } from 'node:net';
import { BreakwaterError } from '../../errors.ts';
import type { Environment } from './resolve-settings.ts';

/** Any of AWS: which region and bucket it is for does not change the proxy. */
export const AWS_ENDPOINT = 'https://s3.amazonaws.com';

const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'socks5:', 'socks:']);
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * The proxy for requests to `target`: `HTTP_PROXY` or `HTTPS_PROXY` by the scheme of the target, else `ALL_PROXY`, in lower
 * case before upper case; null if none applies or `NO_PROXY` names the target. As in the AWS CLI and curl.
 * @throws BreakwaterError `config` for an unusable URL; the message never contains it, because it may contain a password
 */
export function findProxy(target: URL, env: Environment): URL | null {
  const name = nameProxy(target, env);
  return name === null ? null : parseProxy(name, env[name] ?? '');
}

/** The variable that names the proxy for requests to `target`; null without one. */
export function nameProxy(target: URL, env: Environment): string | null {
  const found = [`${target.protocol.slice(0, -1)}_proxy`, 'all_proxy']
    .flatMap((name) => [name, name.toUpperCase()])
    // A web server that runs us as CGI sets HTTP_PROXY from a header of the request (https://httpoxy.org).
    .filter((name) => name !== 'HTTP_PROXY' || (env['REQUEST_METHOD'] ?? '') === '')
    .find((name) => (env[name] ?? '') !== '');
  if (
    found === undefined ||
    isExcluded(target, [env['no_proxy'], env['NO_PROXY']].find((list) => (list ?? '') !== '') ?? '')
  )
    return null;
  return found;
}

function parseProxy(name: string, text: string): URL {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url =
    URL.canParse(withScheme) && !/[\p{Cc}\s]/u.test(text) ? new URL(withScheme.replace(/^socks5h:/i, 'socks5:')) : null;
  if (url !== null && SCHEMES.has(url.protocol) && url.hostname !== '' && isOnlyOrigin(url)) return url;
  throw new BreakwaterError('config', `${name} is not the URL of a proxy`, {
    details: {
      reason: 'bad_proxy',
      hint: `use http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT, or unset ${name}`,
    },
  });
}

/** No path or query, which no proxy has, and a user and password that can be decoded. */
function isOnlyOrigin({ pathname, search, hash, username, password }: URL): boolean {
  const isEscaped = !/%(?![0-9a-f]{2})/i.test(username + password);
  return isEscaped && ['', '/'].includes(pathname) && search === '' && hash === '';
}

/**
 * Whether `NO_PROXY` names the target: `*`, a host, a domain (with all below it), an address or a network (`10.0.0.0/8`),
 * each with an optional port, separated by commas or blanks. `*.domain` does not name the domain itself.
 */
function isExcluded({ protocol, hostname, port }: URL, list: string): boolean {
  const host = hostname
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  const targetPort = port === '' ? PORTS[protocol] : Number(port);
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const { name, port: onlyPort } = parseEntry(entry);
      return (onlyPort === null || onlyPort === targetPort) && matchesHost(name, host);
    });
}

function parseEntry(entry: string): { readonly name: string; readonly port: number | null } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ?? [];
  // Two colons and no brackets: an IPv6 address.
  return { name: bracketed ?? plain ?? entry, port: port === undefined ? null : Number(port) };
}

function matchesHost(name: string, host: string): boolean {
  if (name === '*') return true;
  if (name.includes('/')) return isInNetwork(host, name);
  const domain = name.replace(/^\*?\./, '').replace(/\.$/, '');
  if (domain === '') return false;
  return (host === domain && !name.startsWith('*.')) || (isIP(host) === 0 && host.endsWith(`.${domain}`));
}

function isInNetwork(host: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128))
    return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(address, Number(bits), type);
  return block.check(host, type);
}
