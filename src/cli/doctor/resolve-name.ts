import { lookup as lookUpBySystem } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { after, onAbort } from '../../abort.ts';
import type { Clock } from '../../clock.ts';
import { resolveHost } from '../../fleet/resolve-host.ts';
import type { Lookup } from './judge-network.ts';

interface ResolverOptions {
  readonly clock: Clock;
  /** Ends every resolution. */
  readonly signal: AbortSignal;
  /** How long name servers may take, in ms. */
  readonly limitMs: number;
  /** Receives each resolution when it ends. */
  readonly onLookup: (lookup: Lookup) => void;
}

/**
 * Resolves names so that silent name servers delay nothing: they would hold the system's own resolver, and with it the end of
 * the process, for 10 s or more. Only after the servers have answered, the system is asked for a name that they do not
 * know, because it has further sources, such as multicast.
 */
export function createLookup({ clock, signal, limitMs, onLookup }: ResolverOptions): LookupFunction {
  const resolve = async (host: string): Promise<Lookup> => {
    const startedAtMs = clock.monotonic();
    const stop = new AbortController();
    const late = Promise.withResolvers<never>();
    late.promise.catch(() => undefined);
    using _ending = onAbort(signal, (reason) => stop.abort(reason));
    using _stopping = onAbort(stop.signal, late.reject);
    using _limit = after(clock, limitMs, () => stop.abort());
    const addresses: string[] = [];
    try {
      const collect = async (): Promise<void> => {
        for await (const address of resolveHost(host, { signal: stop.signal })) addresses.push(address);
      };
      await Promise.race([collect(), late.promise]);
    } catch {
      if (!stop.signal.aborted) addresses.push(...(await askSystem(host)));
    }
    const isSilent = addresses.length === 0 && stop.signal.aborted;
    return { host, addresses, isSilent, tookMs: clock.monotonic() - startedAtMs };
  };
  const answer = async (...[host, options, callback]: Parameters<LookupFunction>): Promise<void> => {
    const lookup = await resolve(host);
    onLookup(lookup);
    const found = lookup.addresses.map((address) => ({ address, family: isIP(address) }));
    const [first] = found;
    if (first === undefined) {
      const code = lookup.isSilent ? 'EAI_AGAIN' : 'ENOTFOUND';
      callback(Object.assign(new Error(`no address of ${host}`), { code }), []);
    } else if (options.all === true) callback(null, found);
    else callback(null, first.address, first.family);
  };
  return (host, options, callback) => void answer(host, options, callback);
}

async function askSystem(host: string): Promise<readonly string[]> {
  try {
    return (await lookUpBySystem(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}
