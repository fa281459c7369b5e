import { expect, it } from 'vitest';
import { proxyError } from '../../../src/http/proxy-error.ts';

const PROXY = new URL('socks5://proxy:1080');

const socks = (code: string): Error => proxyError(Object.assign(new Error('as undici says'), { code }), PROXY);

it.each([
  ['UND_ERR_SOCKS5_VERSION', /no proxy of SOCKS 5/],
  ['UND_ERR_SOCKS5_AUTH_REJECTED', /user and password/],
  ['UND_ERR_SOCKS5_AUTH_FAILED', /user and password/],
  ['UND_ERR_SOCKS5_REPLY_2', /NO_PROXY/],
])('takes %s for a setting', (code, hint) => {
  expect(socks(code)).toMatchObject({
    code: 'config',
    message: 'the proxy proxy:1080 does not connect: as undici says',
    details: { reason: 'proxy_refused', hint: expect.stringMatching(hint) },
  });
});

it.each(['UND_ERR_SOCKS5_REPLY_1', 'UND_ERR_SOCKS5_REPLY_5', 'UND_ERR_SOCKS5'])(
  'takes %s for a fault of the network',
  (code) => {
    expect(socks(code)).toMatchObject({ name: 'TransferFault', word: 'proxy_refused' });
  },
);

it("says OpenSSL's reason instead of its message", () => {
  const error = Object.assign(new Error('40BD:error:0A00010B:SSL routines'), { reason: 'wrong version number' });
  expect(proxyError(error, PROXY).message).toBe('through the proxy proxy:1080: wrong version number');
});
