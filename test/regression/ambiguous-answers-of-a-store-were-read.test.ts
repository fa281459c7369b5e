/**
 * Met: answers that Node and undici refuse were read as objects, and their connection was used again.
 * Cause: our reader did not check what it had no use for: chunk extensions, trailers, the length of answers without a
 * body, and the heads of interim answers, which a status below 100 was taken for, too.
 * Fix: what frames an answer is checked wherever it stands, as strictly as in Node.
 */
import { expect, it } from 'vitest';
import { readWithNode, readWithParser } from '../support/answers/read-answer.ts';

const lines = (...all: readonly string[]): string => all.join('\r\n');
const OK = 'HTTP/1.1 200 OK';
const OBJECT = lines(OK, 'Content-Length: 4', '', 'body');
const CHUNKED = lines(OK, 'Transfer-Encoding: chunked', '', '');

it.each([
  ['a blank after a chunk size', CHUNKED + lines('4 ', 'body', '0', '', '')],
  ['a chunk extension with a bracket', CHUNKED + lines('4;(', 'body', '0', '', '')],
  ['a chunk extension with a NUL', CHUNKED + lines('4;a=\0', 'body', '0', '', '')],
  ['a chunk extension that goes on after its quotes', CHUNKED + lines('4;a="b"c', 'body', '0', '', '')],
  ['a trailer without a colon', CHUNKED + lines('4', 'body', '0', 'what', '', '')],
  ['a trailer with a bare line feed', CHUNKED + lines('4', 'body', '0', 'a: b\nc: d', '', '')],
  ['a length in the trailers', CHUNKED + lines('4', 'body', '0', 'Content-Length: 4', '', '')],
  ['a 304 with two lengths', lines('HTTP/1.1 304 Not Modified', 'Content-Length: 4', 'Content-Length: 4', '', '')],
  ['a 204 with a length and chunks', lines('HTTP/1.1 204 No', 'Content-Length: 4', 'Transfer-Encoding: gzip', '', '')],
  ['an interim answer that ends the connection', lines('HTTP/1.1 103 Hints', 'Connection: close', '', OBJECT)],
  ['an interim answer of HTTP/1.0', lines('HTTP/1.0 100 Continue', '', OBJECT)],
  ['an interim answer with two lengths', lines('HTTP/1.1 103 Hints', 'Content-Length: 1, 1', '', OBJECT)],
])('%s is refused, as Node does', async (_what, text) => {
  expect(await readWithNode([text])).toMatchObject({ end: 'refused' });
  expect(readWithParser([text])).toMatchObject({ end: 'refused' });
});

it('a status below 100 is not an interim answer', async () => {
  const text = lines('HTTP/1.1 099 Odd', 'Content-Length: 0', '', OBJECT);
  expect(await readWithNode([text])).toMatchObject({ end: 'whole', status: 99, body: '' });
  expect(readWithParser([text])).toMatchObject({ end: 'refused', status: null });
});

it('a proxy that closes the connection by its old header is believed', async () => {
  const text = lines(OK, 'Proxy-Connection: close', 'Content-Length: 4', '', 'body');
  expect(await readWithNode([text])).toMatchObject({ end: 'whole', isReusable: false });
  expect(readWithParser([text])).toMatchObject({ end: 'whole', isReusable: false });
});
