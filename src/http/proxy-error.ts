import { BreakwaterError } from '../errors.ts';
import { TransferFault } from '../retry/transfer-fault.ts';

/**
 * The error of a request that went through a proxy, naming the proxy: it may be at fault, not S3. What the proxy itself
 * refuses is a setting (`config`); what it cannot reach or has no room for is a fault of the network.
 */
export function proxyError(error: Error, proxy: URL): Error {
  if (error instanceof TransferFault || error instanceof BreakwaterError) return error;
  const status = readRefusal(error);
  const where = `the proxy ${proxy.host}`;
  if (status === null) return new Error(`through ${where}: ${error.message}`, { cause: error });
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

/** undici reports a proxy's refusal only in the text of its error, or of that error's cause. */
function readRefusal({ message, cause }: Error): number | null {
  const texts = cause instanceof Error ? [message, cause.message] : [message];
  const match = /Proxy response \((\d{3})\)|Proxy Authentication Required \((407)\)/.exec(texts.join(' '));
  return match === null ? null : Number(match[1] ?? match[2]);
}
