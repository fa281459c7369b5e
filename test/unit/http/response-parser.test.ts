import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResponseParser, type ResponseEvent } from '../../../src/http/response-parser.ts';

interface Read {
  readonly heads: readonly { readonly status: number; readonly headers: Readonly<Record<string, string>> }[];
  readonly body: string;
  /** Null while it has not come. */
  readonly reusableForMs: number | null;
  /** What came behind it. */
  readonly rest: string;
  readonly parser: ResponseParser;
}

/** Reads an answer that comes in these pieces, each in memory that is overwritten after it. */
function read(pieces: readonly string[]): Read {
  const parser = new ResponseParser();
  const events: ResponseEvent[] = [];
  let body = '';
  let rest = '';
  for (const piece of pieces) {
    const memory = Buffer.from(piece, 'latin1');
    for (let bytes = memory; ;) {
      const { event, used } = parser.next(bytes);
      bytes = bytes.subarray(used);
      if (event === null) {
        rest += bytes.toString('latin1');
        break;
      }
      if (event.kind === 'body') body += event.bytes.toString('latin1');
      else events.push(event);
    }
    memory.fill('?');
  }
  const end = events.find((event) => event.kind === 'end');
  const heads = events.flatMap((event) =>
    event.kind === 'head' ? [{ status: event.status, headers: event.headers }] : [],
  );
  return { heads, body, reusableForMs: end?.reusableForMs ?? null, rest, parser };
}

const lines = (...all: readonly string[]): string => all.join('\r\n');
const OK = 'HTTP/1.1 200 OK';

describe('a response', () => {
  it.each([
    ['with a stated length', lines(OK, 'Content-Length: 4', '', 'body'), 'body'],
    ['without a body', lines(OK, 'Content-Length: 0', '', ''), ''],
    ['without a body because of its status', lines('HTTP/1.1 204 No Content', '', ''), ''],
    ['without a reason', lines('HTTP/1.1 200 ', 'Content-Length: 1', '', 'b'), 'b'],
    ['without a reason or the blank before it', lines('HTTP/1.1 200', 'Content-Length: 1', '', 'b'), 'b'],
    ['in chunks', lines(OK, 'Transfer-Encoding: chunked', '', '3', 'bod', '1', 'y', '0', '', ''), 'body'],
    [
      'in chunks with extensions and trailers',
      lines(OK, 'transfer-encoding: Chunked', '', 'A;name="x"', '0123456789', '0', 'x-checksum: 1', '', ''),
      '0123456789',
    ],
    ['after interim responses', lines('HTTP/1.1 100 Continue', '', OK, 'Content-Length: 2', '', 'ok'), 'ok'],
  ])('%s is read completely, wherever it is split', (_what, text, body) => {
    const whole = read([text]);
    expect(whole).toMatchObject({ body, reusableForMs: 4000, rest: '' });
    expect(whole.heads.at(-1)?.status).toBe(text.includes('204') ? 204 : 200);
    for (let at = 0; at <= text.length; at += 1) {
      const { parser: _, ...cut } = read([text.slice(0, at), text.slice(at)]);
      expect(cut, `cut at ${at}`).toMatchObject({ heads: whole.heads, body, reusableForMs: 4000, rest: '' });
    }
    expect(read(text.split(''))).toMatchObject({ heads: whole.heads, body, reusableForMs: 4000 });
  });

  it('is the same however it is split', () => {
    const bodies = fc.array(fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 }), { maxLength: 8 });
    fc.assert(
      fc.property(
        bodies,
        fc.boolean(),
        fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 20 }),
        (parts, isChunked, cuts) => {
          const body = parts.join('');
          const framed = isChunked
            ? `${parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`
            : body;
          const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`;
          const text = lines(OK, 'x-amz-meta-a: b', framing, '', framed);
          const places = [0, ...cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b), text.length];
          const pieces = places.slice(1).map((place, index) => text.slice(places[index], place));
          expect(read(pieces)).toMatchObject({ body, reusableForMs: 4000, rest: '' });
        },
      ),
    );
  });

  it('has lower-case header names, with repeated headers joined', () => {
    const text = lines(OK, 'ETag:"e"', 'X-A:\t 1 \t', 'x-a: 2', 'constructor: c', 'x-empty:', 'x-ü: no', '', '');
    expect(() => read([text])).toThrow('an invalid header');
    const { heads } = read([text.replace('x-ü', 'x-u').replace('no', 'n\u00fc')]);
    expect(heads).toEqual([
      {
        status: 200,
        headers: { etag: '"e"', 'x-a': '1, 2', constructor: 'c', 'x-empty': '', 'x-u': 'n\u00fc' },
      },
    ]);
  });

  it('without a stated length ends with its connection; any other is cut by that', () => {
    const open = read([lines(OK, '', 'all of'), ' it']);
    expect(open).toMatchObject({ body: 'all of it', reusableForMs: null });
    expect(open.parser.close()).toBe(true);
    for (const cut of [
      'HTTP/1.1 2',
      lines(OK, 'Content-Length: 4', '', 'bod'),
      lines(OK, 'Transfer-Encoding: chunked', '', '4', 'body', '0', ''),
    ]) {
      expect(read([cut]).parser.close(), cut).toBe(false);
    }
    expect([read(['HTTP/1.1 2']).parser.isAnswered, read([lines(OK, '', '')]).parser.isAnswered]).toEqual([
      false,
      true,
    ]);
  });

  it('leaves what follows it', () => {
    expect(read([lines(OK, 'Content-Length: 4', '', 'bodyHTTP/1.1 200')])).toMatchObject({ rest: 'HTTP/1.1 200' });
  });

  it.each([
    ['', 4000],
    ['Connection: close', 0],
    ['Connection: x, Close', 0],
    ['Connection: closed', 4000],
    ['Proxy-Connection: close', 0],
    ['Keep-Alive: timeout=3, max=100', 2000],
    ['Keep-Alive: timeout=5', 4000],
    ['Keep-Alive: timeout=1', 0],
    ['Keep-Alive: max=5', 4000],
  ])('with %j leaves a connection that can be used for %i ms', (header, expected) => {
    expect(read([lines(OK, ...(header === '' ? [] : [header]), 'Content-Length: 0', '', '')]).reusableForMs).toBe(
      expected,
    );
  });

  it('of HTTP/1.0 leaves no connection to reuse', () => {
    expect(read([lines('HTTP/1.0 200 OK', 'Content-Length: 0', '', '')]).reusableForMs).toBe(0);
  });
});

describe('what is not an HTTP response', () => {
  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['another version', lines('HTTP/2.0 200 OK', '', '')],
    ['a switch to another protocol', lines('HTTP/1.1 101 Switching Protocols', '', '')],
    ['an invalid status', lines('HTTP/1.1 20 OK', '', '')],
    ['a header without a colon', lines(OK, 'what', '', '')],
    ['a header without a name', lines(OK, ': what', '', '')],
    ['a blank before the colon', lines(OK, 'etag : what', '', '')],
    ['a header continued in the next line', lines(OK, 'a: b', ' c: d', '', '')],
    ['a line that ends with LF alone', lines(OK, 'a: b\nc: d', '', '')],
    ['a NUL', lines(OK, 'a: \0', '', '')],
    ['two lengths', lines(OK, 'Content-Length: 1', 'Content-Length: 2', '', '')],
    ['a length that is not a number', lines(OK, 'Content-Length: 1e3', '', '')],
    ['a negative length', lines(OK, 'Content-Length: -1', '', '')],
    ['a length and chunks', lines(OK, 'Content-Length: 1', 'Transfer-Encoding: chunked', '', '')],
    ['another coding', lines(OK, 'Transfer-Encoding: gzip, chunked', '', '')],
    ['a chunk without a size', lines(OK, 'Transfer-Encoding: chunked', '', 'x', '')],
    ['a chunk longer than its size', lines(OK, 'Transfer-Encoding: chunked', '', '1', 'bo', '')],
    ['a blank after a chunk size', lines(OK, 'Transfer-Encoding: chunked', '', '4 ', 'body', '0', '', '')],
    ['a chunk extension without a name', lines(OK, 'Transfer-Encoding: chunked', '', '4;=a', 'body', '0', '', '')],
    ['a NUL in a chunk extension', lines(OK, 'Transfer-Encoding: chunked', '', '4;a="\0"', 'body', '0', '', '')],
    ['a trailer that is not a header', lines(OK, 'Transfer-Encoding: chunked', '', '0', 'what', '', '')],
    ['a length in a trailer', lines(OK, 'Transfer-Encoding: chunked', '', '0', 'Content-Length: 4', '', '')],
    ['a wrong length where there is no body', lines('HTTP/1.1 204 No Content', 'Content-Length: 1, 1', '', '')],
    ['a status below 100', lines('HTTP/1.1 099 Odd', '', OK, 'Content-Length: 0', '', '')],
    ['an interim response of HTTP/1.0', lines('HTTP/1.0 100 Continue', '', OK, 'Content-Length: 0', '', '')],
    ['an interim response that ends the connection', lines('HTTP/1.1 103 Early', 'Connection: close', '', OK, '', '')],
    ['an interim response of two lengths', lines('HTTP/1.1 103 Early', 'Content-Length: 1, 1', '', OK, '', '')],
    ['a chunk size of too many digits', lines(OK, 'Transfer-Encoding: chunked', '', 'f'.repeat(13), '')],
    ['a head without an end', `${OK}\r\n${'a: b\r\n'.repeat(12_000)}`],
    ['a chunk size without an end', lines(OK, 'Transfer-Encoding: chunked', '', `1;${'x'.repeat(5000)}`)],
    ['trailers without an end', lines(OK, 'Transfer-Encoding: chunked', '', '0', ...Array<string>(102).fill('a: b'))],
  ])('is refused: %s', (_what, text) => {
    expect(() => read([text])).toThrow(expect.objectContaining({ name: 'TransferFault', word: 'not_s3' }));
  });

  it.each<[string, string, string, number]>([
    ['a status line', '', 'HTTP/1.1 200 OK', 16_400],
    ['headers', `${OK}\r\n`, 'a: b\r\n', 6020],
    ['a header', `${OK}\r\na: `, 'b', 16_400],
    ['a chunk extension', lines(OK, 'Transfer-Encoding: chunked', '', '1'), ';a=b', 4100],
    ['trailers', lines(OK, 'Transfer-Encoding: chunked', '', '0', ''), 'a: b\r\n', 700],
    [
      'long trailers',
      lines(OK, 'Transfer-Encoding: chunked', '', '0', ''),
      `a: ${'b'.repeat(3000)}\r\n`,
      16 * 1024 + 3005,
    ],
  ])('is refused within its bound: %s without an end', (_what, start, more, bytesMax) => {
    const parser = new ResponseParser();
    parser.next(Buffer.from(start));
    // Headers are counted at the end of their head.
    const rest = Buffer.from(`${more.repeat(Math.ceil(bytesMax / more.length))}\r\n\r\n`);
    const feed = (): void => {
      for (const byte of rest) parser.next(Buffer.from([byte]));
    };
    expect(feed).toThrow(expect.objectContaining({ word: 'not_s3' }));
  });

  it('throws nothing else, and takes linear time', () => {
    const start = lines(OK, 'Transfer-Encoding: chunked', '', '3', 'bod', '0', '', '');
    fc.assert(
      fc.property(fc.nat(start.length), fc.string({ unit: 'binary-ascii' }), (at, noise) => {
        try {
          read([start.slice(0, at) + noise + start.slice(at)]);
        } catch (error) {
          expect(error).toMatchObject({ name: 'TransferFault' });
        }
      }),
    );
    expect(read([lines(OK, `a: ${' '.repeat(15_000)}x`, 'Content-Length: 0', '', '')]).heads).toMatchObject([
      { headers: { a: 'x' } },
    ]);
  });
});
