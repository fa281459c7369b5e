import { readFileSync } from 'node:fs';
import { promises } from 'node:dns';
import { isIP } from 'node:net';
import { onAbort } from '../abort.ts';
import { FleetFailure } from '../circuit/fleet-store.ts';

interface ResolveOptions {
  /** Cancels the queries. */
  readonly signal: AbortSignal;
  /** @default /etc/hosts */
  readonly hostsFile?: string;
  /** @default /etc/resolv.conf */
  readonly resolverFile?: string;
  /** Name servers, as `address:port`. @default those of the system */
  readonly servers?: readonly string[];
}

/**
 * The addresses of a host, as they become known. From /etc/hosts, then from the name servers: never by getaddrinfo, in
 * which a silent name server holds the whole process for ten seconds, even after its exit.
 * @throws FleetFailure `host_not_found`
 */
export async function* resolveHost(host: string, options: ResolveOptions): AsyncGenerator<string> {
  const literal = host.replace(/^\[(.*)\]$/, '$1');
  const known = isIP(literal) === 0 ? findInHosts(host, readText(options.hostsFile ?? '/etc/hosts')) : [literal];
  if (known.length > 0) {
    yield* known;
    return;
  }
  if (host.toLowerCase() === 'localhost') {
    yield* ['127.0.0.1', '::1'];
    return;
  }
  let found = 0;
  for (const name of candidates(host, readText(options.resolverFile ?? '/etc/resolv.conf'))) {
    for await (const address of query(name, options)) {
      found += 1;
      yield address;
    }
    if (found > 0) return;
  }
  throw new FleetFailure('host_not_found');
}

/** hosts(5): an address and its names on each line. */
export function findInHosts(host: string, text: string): readonly string[] {
  const wanted = host.toLowerCase();
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return isIP(address) !== 0 && names.some((name) => name.toLowerCase() === wanted) ? [address] : [];
  });
}

/**
 * The names to ask for, by `search` and `ndots` of resolv.conf(5): in Kubernetes, `redis` means
 * `redis.NAMESPACE.svc.cluster.local`.
 */
export function candidates(host: string, text: string): readonly string[] {
  if (host.endsWith('.')) return [host.slice(0, -1)];
  let domains: readonly string[] = [];
  let ndots = 1;
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === 'search' || keyword === 'domain') domains = values;
    if (keyword !== 'options') continue;
    const [, count] = values.join(' ').match(/\bndots:(\d{1,2})\b/) ?? [];
    if (count !== undefined) ndots = Math.min(Number(count), 15);
  }
  const searched = domains.map((domain) => `${host}.${domain.replace(/\.$/, '')}`);
  const dots = host.split('.').length - 1;
  return dots >= ndots ? [host, ...searched] : [...searched, host];
}

/** Asks for both families at once; the first answer comes first. */
async function* query(name: string, { signal, servers }: ResolveOptions): AsyncGenerator<string> {
  const resolver = new promises.Resolver();
  if (servers !== undefined) resolver.setServers(servers);
  using _cancelling = onAbort(signal, () => resolver.cancel());
  // A missing name and an unreachable server end alike: there is no address.
  const ask = async (family: 4 | 6): Promise<readonly string[]> => {
    try {
      return await (family === 4 ? resolver.resolve4(name) : resolver.resolve6(name));
    } catch {
      return [];
    }
  };
  const four = ask(4);
  const six = ask(6);
  const first = await Promise.race([
    four.then((list) => (list.length > 0 ? four : six)),
    six.then((list) => (list.length > 0 ? six : four)),
  ]);
  yield* first;
  for (const list of await Promise.all([four, six])) if (list !== first) yield* list;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
