import { describe, expect, it } from 'vitest';
import { findProxy } from '../../../../src/cli/settings/find-proxy.ts';

const HTTP = 'http://s3.example.com:9000';
const HTTPS = 'https://s3.example.com';

describe('the proxy of a request', () => {
  it.each([
    [HTTP, {}, null],
    [HTTP, { HTTP_PROXY: 'http://p:1' }, 'http://p:1/'],
    [HTTP, { http_proxy: 'http://p:1', HTTP_PROXY: 'http://q:1' }, 'http://p:1/'],
    [HTTP, { http_proxy: '', HTTP_PROXY: 'http://q:1' }, 'http://q:1/'],
    [HTTP, { HTTPS_PROXY: 'http://p:1' }, null],
    [HTTPS, { HTTP_PROXY: 'http://p:1' }, null],
    [HTTPS, { HTTPS_PROXY: 'p:8080' }, 'http://p:8080/'],
    [HTTPS, { HTTPS_PROXY: 'http://p:1', ALL_PROXY: 'http://q:1' }, 'http://p:1/'],
    [HTTPS, { ALL_PROXY: 'socks5h://q:1' }, 'socks5://q:1'],
    [HTTP, { all_proxy: 'https://u:p@q:1' }, 'https://u:p@q:1/'],
    [HTTP, { HTTP_PROXY: 'http://p:1', REQUEST_METHOD: 'GET' }, null],
    [HTTP, { http_proxy: 'http://p:1', REQUEST_METHOD: 'GET' }, 'http://p:1/'],
  ])('of %s with %j is %s', (target, env, proxy) => {
    expect(findProxy(new URL(target), env)?.href ?? null).toBe(proxy);
  });

  it.each([
    ['s3.example.com', HTTP, true],
    ['example.com', HTTP, true],
    ['.example.com', HTTP, true],
    ['.s3.example.com', HTTP, true],
    ['*.example.com', HTTP, true],
    ['*.s3.example.com', HTTP, false],
    ['EXAMPLE.com.', HTTP, true],
    ['ample.com', HTTP, false],
    ['s3.example.com:9000', HTTP, true],
    ['s3.example.com:9001', HTTP, false],
    ['s3.example.com:443', HTTPS, true],
    ['other, s3.example.com', HTTP, true],
    ['other s3.example.com', HTTP, true],
    ['*', HTTP, true],
    ['*:9001', HTTP, false],
    ['.', HTTP, false],
    ['', HTTP, false],
    ['10.0.0.0/8', 'http://10.1.2.3', true],
    ['10.0.0.0/8', 'http://11.1.2.3', false],
    ['10.0.0.0/x', 'http://10.1.2.3', false],
    ['10.0.0.0/33', 'http://10.1.2.3', false],
    ['fd00::/8', 'http://[fd12::1]:9000', true],
    ['fd00::/8', 'http://10.1.2.3', false],
    ['::1', 'http://[::1]:9000', true],
    ['[::1]:9000', 'http://[::1]:9000', true],
    ['[::1]:9001', 'http://[::1]:9000', false],
    ['2.3', 'http://10.1.2.3', false],
    ['127.0.0.1', 'http://127.0.0.1:9000', true],
  ])('NO_PROXY=%s leaves %s to itself: %s', (list, target, isExcluded) => {
    const env = { HTTP_PROXY: 'http://p:1', HTTPS_PROXY: 'http://p:1', NO_PROXY: list };
    expect(findProxy(new URL(target), env)).toEqual(isExcluded ? null : new URL('http://p:1'));
    expect(findProxy(new URL(target), { ...env, no_proxy: '' }) === null).toBe(isExcluded);
    if (list !== '') expect(findProxy(new URL(target), { ...env, no_proxy: 'nothing' })).not.toBeNull();
  });

  it.each([
    'ftp://u:hush@p:1',
    'http://u:hush%zz@p:1',
    'http://u:hush@p:1/path',
    'http://u:hush@p:1?q',
    'http://u:hush@:x',
    'http://u:hush@p\r:1',
    'http://u:hush@p 1',
  ])('refuses %j without showing it', (proxy) => {
    expect(() => findProxy(new URL(HTTP), { HTTP_PROXY: proxy })).toThrow(
      expect.objectContaining({ code: 'config', message: 'HTTP_PROXY is not the URL of a proxy' }),
    );
  });
});
