import { BreakwaterError } from '../errors.ts';
import { lookUp, readFields } from '../read-fields.ts';
import { TransferFault } from '../retry/transfer-fault.ts';

/**
 * The error of a request that went through a proxy, naming the proxy: it may be at fault, not S3. What the proxy itself
 * refuses is a setting (`config`); what it cannot reach or has no room for is a fault of the network.
 */
export function proxyError(error: Error, proxy: URL): Error {
  if (error instanceof TransferFault || error instanceof BreakwaterError) return error;
  const status = readRefusal(error);
  const where = `the proxy ${proxy.host}`;
  const { code, reason } = readFields(error);
  if (typeof code === 'string' && code.startsWith(SOCKS)) return socksError(error, { code, where });
  if (status === null) {
    // OpenSSL's reason is for users, its message for developers.
    return new Error(`through ${where}: ${typeof reason === 'string' ? reason : error.message}`, { cause: error });
  }
  if (status < 200 || status >= 500 || status === 429) {
    return new TransferFault('proxy_refused', `${where} answered ${status}`, { cause: error });
  }
  const hint =
    status === 407
      ? 'put its user and password in the URL of HTTPS_PROXY or HTTP_PROXY'
      : 'let the proxy reach the endpoint, or name its host in NO_PROXY';
  return new BreakwaterError('config', `${where} refused the connection with ${status}`, {
    cause: error,
    details: { reason: 'proxy_refused', httpStatus: status, hint },
  });
}

/** undici's codes for what a proxy of SOCKS answers. */
const SOCKS = 'UND_ERR_SOCKS5';

/** What a proxy of SOCKS refuses by its settings, or ours; every other answer may be different later. */
const SOCKS_HINTS: Readonly<Record<string, string>> = {
  _VERSION: 'this is no proxy of SOCKS 5: check ALL_PROXY',
  _REPLY_VERSION: 'this is no proxy of SOCKS 5: check ALL_PROXY',
  _AUTH_REJECTED: 'put its user and password in the URL of ALL_PROXY',
  _AUTH_FAILED: 'correct its user and password in the URL of ALL_PROXY',
  // Replies of RFC 1928, section 6.
  _REPLY_2: 'let the proxy reach the endpoint, or name its host in NO_PROXY',
  _REPLY_7: 'use a proxy that connects by SOCKS 5',
  _REPLY_8: 'use an address of the endpoint that the proxy can reach',
};

function socksError(error: Error, { code, where }: { readonly code: string; readonly where: string }): Error {
  const hint = lookUp(SOCKS_HINTS, code.slice(SOCKS.length));
  const message = `${where} does not connect: ${error.message}`;
  if (hint === undefined) return new TransferFault('proxy_refused', message, { cause: error });
  return new BreakwaterError('config', message, { cause: error, details: { reason: 'proxy_refused', hint } });
}

/** undici reports a proxy's refusal only in the text of its error, or of that error's cause. */
function readRefusal({ message, cause }: Error): number | null {
  const texts = cause instanceof Error ? [message, cause.message] : [message];
  const match = /Proxy response \((\d{3})\)|Proxy Authentication Required \((407)\)/.exec(texts.join(' '));
  return match === null ? null : Number(match[1] ?? match[2]);
}
