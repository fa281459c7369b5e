import { describe, expect, it } from 'vitest';
import { formatHead } from '../../../src/http/request-head.ts';

const target = { origin: 'http://host:9000', path: '/b/k?x=1', method: 'GET' } as const;

describe('formatHead', () => {
  it.each([
    [{ ...target }, 0, 'GET /b/k?x=1 HTTP/1.1\r\nhost: host:9000\r\nconnection: keep-alive\r\n'],
    [
      { ...target, headers: { Host: 'given' } },
      0,
      'GET /b/k?x=1 HTTP/1.1\r\nHost: given\r\nconnection: keep-alive\r\n',
    ],
    [
      { ...target, method: 'PUT', headers: { host: 'h' } },
      0,
      'PUT /b/k?x=1 HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\nconnection: keep-alive\r\n',
    ],
    [
      // What belongs to the connection is ours to say, and a value that is not there is not sent.
      {
        ...target,
        method: 'PUT',
        headers: {
          host: 'h',
          Expect: '100-continue',
          'transfer-encoding': 'chunked',
          'content-length': '7',
          connection: 'close',
          'x-none': undefined,
          'x-latin': 'caf\u00E9\ttab',
        },
      },
      5,
      'PUT /b/k?x=1 HTTP/1.1\r\nhost: h\r\nx-latin: caf\u00E9\ttab\r\ncontent-length: 5\r\nconnection: keep-alive\r\n',
    ],
  ])('writes %j', (request, bodyBytes, head) => {
    expect(formatHead(request, bodyBytes)).toBe(head);
  });

  it.each([
    ['a line break', { headers: { a: 'x\r\ny: z' } }],
    ['a bare line feed', { headers: { a: 'x\ny' } }],
    ['a bare carriage return', { headers: { a: 'x\ry' } }],
    ['a null', { headers: { a: 'x\0' } }],
    ['a character that is not Latin-1', { headers: { a: '\u20AC' } }],
    ['a blank in a name', { headers: { 'a b': 'x' } }],
    ['a colon in a name', { headers: { 'a:': 'x' } }],
    ['an empty name', { headers: { '': 'x' } }],
    ['a blank in a path', { path: '/a b' }],
    ['a line break in a path', { path: '/a\r\nb' }],
  ])('refuses %s', (_what, part) => {
    expect(() => formatHead({ ...target, ...part }, 0)).toThrow('a character that a request cannot contain');
  });
});
