import { formatDuration } from '../../duration.ts';
import type { SettingNames } from '../../setting-names.ts';
import { maskUrl } from '../settings/mask-url.ts';
import { failed, ok, skipped, warning, type Finding } from './check.ts';

/** One resolution of a name. */
export interface Lookup {
  readonly host: string;
  readonly addresses: readonly string[];
  readonly tookMs: number;
  /** No name server answered in time. */
  readonly isSilent: boolean;
}

/** @param lookups of names, in order; addresses need none */
export function judgeName(lookups: readonly Lookup[], { names }: { readonly names: SettingNames }): Finding {
  const missing = lookups.find(({ addresses }) => addresses.length === 0);
  if (missing !== undefined) {
    const { host, tookMs, isSilent } = missing;
    const facts = { host, addresses: [], took_ms: Math.ceil(tookMs), silent: isSilent };
    const why = isSilent ? `no name server answers within ${formatDuration(Math.round(tookMs))}` : 'has no address';
    return failed('unavailable', `${host}: ${why}`, {
      hint: isSilent
        ? 'check the name servers in /etc/resolv.conf, and the network'
        : `check ${names.proxy ?? names.endpoint ?? 'the region'}, and the name servers`,
      reason: 'host_not_found',
      facts,
    });
  }
  const [found] = lookups;
  if (found === undefined) return skipped('there is no name to resolve');
  const { host, addresses, tookMs } = found;
  const [first = ''] = addresses;
  const more = addresses.length === 1 ? '' : ` and ${addresses.length - 1} more`;
  return ok(`${host} is ${first}${more}, in ${Math.ceil(tookMs)} ms`, {
    host,
    addresses,
    took_ms: Math.ceil(tookMs),
    silent: false,
  });
}

/** @param proxy the variable that names it, and its value; null without one */
export function judgeProxy(proxy: { readonly name: string; readonly url: string } | null): Finding {
  if (proxy === null) return ok('none', { url: null, set_by: null });
  const url = maskUrl(proxy.url);
  return ok(`${url} (${proxy.name})`, { url, set_by: proxy.name });
}

/** The certificate authorities that servers must be signed by. */
export interface CertificateFacts {
  readonly setBy: string;
  readonly path: string;
  readonly count: number;
  readonly expired: number;
}

/** @param isUnchecked NODE_TLS_REJECT_UNAUTHORIZED=0 is set, by which Node believes every certificate */
export function judgeCertificates(
  bundle: CertificateFacts | null,
  { isUnchecked }: { readonly isUnchecked: boolean },
): Finding {
  const facts =
    bundle === null ? {} : { path: bundle.path, set_by: bundle.setBy, count: bundle.count, expired: bundle.expired };
  if (isUnchecked) {
    return warning('no certificate is checked: anybody in between can read and change everything', {
      hint: 'unset NODE_TLS_REJECT_UNAUTHORIZED, and name the authority with AWS_CA_BUNDLE',
      reason: 'unchecked',
      facts,
    });
  }
  if (bundle === null) return ok("Node's own authorities", facts);
  const { path, setBy, count, expired } = bundle;
  const message = `${count} of ${path} (${setBy})`;
  if (expired < count) return ok(message, facts);
  return warning(`${message}, all expired`, { hint: 'replace the file', reason: 'expired', facts });
}
