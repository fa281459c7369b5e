import type { AnswerDraft } from './draft.ts';

type Change = (draft: AnswerDraft) => AnswerDraft;

/** One named change for each value, so that a failure names it. */
const each = (what: string, values: readonly string[], change: (value: string) => Change): [string, Change][] =>
  values.map((value) => [`${what} ${JSON.stringify(value)}`, change(value)]);

const withoutHeader = (name: string, { headers }: AnswerDraft): string[] =>
  headers.filter((line) => !line.toLowerCase().startsWith(`${name}:`));

const addHeader =
  (line: string): Change =>
  (draft) => ({ ...draft, headers: [...draft.headers, line] });
const setFraming =
  (line: string): Change =>
  (draft) => ({
    ...draft,
    headers: [
      ...withoutHeader('content-length', { ...draft, headers: withoutHeader('transfer-encoding', draft) }),
      line,
    ],
  });

/** Changes the chunk's line, where the body has chunks. */
const changeSize =
  (change: (size: string) => string): Change =>
  (draft) =>
    typeof draft.body === 'string'
      ? draft
      : { ...draft, body: draft.body.map((one, index) => (index === 0 ? { ...one, size: change(one.size) } : one)) };
const changeLastSize =
  (size: string): Change =>
  (draft) =>
    typeof draft.body === 'string' ? draft : { ...draft, body: [...draft.body.slice(0, -1), { size, bytes: '' }] };

// prettier-ignore
const STATUS_LINES = [
  'HTTP/1.0 200 OK', 'HTTP/1.1 200', 'HTTP/1.1 200 ', 'HTTP/1.1  200 OK', 'HTTP/1.1 200\tOK', 'HTTP/1.1 200OK',
  'HTTP/1.1 20 OK', 'HTTP/1.1 2000 OK', 'HTTP/1.1 099 Odd', 'HTTP/1.1 000 Odd', 'HTTP/1.1 199 Odd', 'HTTP/1.1 999 Odd',
  'HTTP/1.1 204 No Content', 'HTTP/1.1 205 Reset Content', 'HTTP/1.1 304 Not Modified', 'HTTP/1.1 206 Partial Content',
  'HTTP/1.1 100 Continue', 'HTTP/1.1 101 Switching Protocols', 'HTTP/1.1 102 Processing', 'HTTP/1.1 103 Early Hints',
  'HTTP/0.9 200 OK', 'HTTP/1.2 200 OK', 'HTTP/2 200', 'HTTP/2.0 200 OK', 'HTTP/11.1 200 OK', 'http/1.1 200 OK',
  'HTTPS/1.1 200 OK', 'HTTP/1.1 200 O\0K', 'HTTP/1.1 200 O\rK', 'HTTP/1.1 200 O\nK', 'HTTP/1.1 200 \u00fc\u007f',
  ' HTTP/1.1 200 OK', '\r\nHTTP/1.1 200 OK', '\nHTTP/1.1 200 OK', 'HTTP/1.1 -20 OK', 'HTTP/1.1 +20 OK', 'ICY 200 OK',
];

// prettier-ignore
const LENGTHS = [
  '+9', '-9', '9,9', '9, 9', '9, 8', '9 9', '0x9', '9.0', '9e0', '', ' ', '\t9\t', '09', '0000000000000000009', '8', '10', '0',
  '18446744073709551625', '18446744073709551615', '9007199254740993', '999999999999999', '9;', '"9"', '\u00b2', '9\0', '\u000b9',
];

// prettier-ignore
const CODINGS = [
  'chunked', 'Chunked', 'CHUNKED', ' chunked ', 'chunked,', ',chunked', 'chunked, chunked', 'gzip, chunked', 'chunked, gzip',
  'identity', 'gzip', '', 'xchunked', 'chunkedx', 'chunked;a=b', '"chunked"', 'chun\0ked', '\u000bchunked', 'chunked\u00a0', 'c hunked',
];

// prettier-ignore
const HEADERS = [
  'Content-Length: 9', 'content-length: 4', 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity', 'Content-Length : 9',
  'Content-Length\t: 9', ' Content-Length: 9', '\tfolded', ' folded', 'X-A: b\r\n folded', 'X-A: b\r\n\tContent-Length: 3', 'X-A:', 'X-A:b',
  'X-A: \t b \t', 'X-A', ': b', 'X A: b', 'X-A\0: b', 'X-A: \0', 'X-A: a\rb', 'X-A: a\nb', 'X-A: a\nContent-Length: 3', 'X-A: a\u007fb',
  'X-A: a\u0001b', 'X-\u00fc: b', 'X-A: \u00fc', 'X-A: a\rContent-Length: 3', '(a): b', 'Connection: close', 'Connection: Close',
  'Connection: keep-alive, close', 'Connection: close, keep-alive', 'Connection: keep-alive', 'Connection: closed', 'Connection: upgrade',
  'Connection:', 'Proxy-Connection: close', 'Proxy-Connection: keep-alive', 'Upgrade: h2c', 'Connection: upgrade\r\nUpgrade: h2c',
  'Keep-Alive: timeout=5', 'ETag: "other"', 'Content-Range: bytes 0-8/9', 'Content-Encoding: gzip', 'Trailer: x-amz-checksum-crc32',
  '__proto__: x', 'constructor: x', 'Content_Length: 3', `X-Long: ${'x'.repeat(5000)}`, `X-Longer: ${'x'.repeat(20_000)}`,
];

// prettier-ignore
const SIZE_ENDS = [
  ' ', '\t', '  ', ';', ';a', ';a=b', '; a=b', ';a= b', ' ;a=b', ';a="b"', ';a="b', ';a="\\""', ';a="b"c', ';a=b;c=d', ';a=', ';=b', ';;', ';a\0b',
  ';\u00fc', ';a=\u00fc', ';a="\u00fc"', ';a="\0"', ';a\rb', ';a\nb', ';a="\r\n"', ';a="\n"', ';a b', ';a\tb', ',a', 'x', 'h', '\0', '\u000b', '\r', ';(', ';a=(',
  ';a\u007f', `;a=${'b'.repeat(300)}`, `;a=${'b'.repeat(20_000)}`,
];

// prettier-ignore
const SIZES = [
  '', 'g', '-1', '+1', '0x1', 'A', 'ffffffffffff', 'fffffffffffff', 'ffffffffffffffff', '10000000000000000', '10000000000000001', '1.0', ' 1', '\t1', '\u00b9',
  '00000000000001', '0', '00',
];

// prettier-ignore
const TRAILERS = [
  'x-amz-checksum-crc32: AAAAAA==', 'X-A:', 'X-A', ': b', 'X-A : b', 'X A: b', ' folded', '\tfolded', 'X-A: b\r\n folded', 'X-A: \0', 'X-A: a\rb', 'X-A: a\nb',
  'X-A: \u007f', 'X-\u00fc: b', 'Content-Length: 3', 'Transfer-Encoding: chunked', 'Connection: close', 'HTTP/1.1 200 OK', '\0', '\r', '0', `X-Long: ${'x'.repeat(3000)}`, `X-Longer: ${'x'.repeat(20_000)}`,
];

// prettier-ignore
const INTERIMS = [
  'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 102 Processing\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 'HTTP/1.1 199 Odd\r\n\r\n',
  'HTTP/1.0 100 Continue\r\n\r\n', 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n', 'HTTP/1.1 000 Odd\r\n\r\n', 'HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\nabc', 'HTTP/1.1 103 Early\r\nContent-Length: 3\r\n\r\n',
  'HTTP/1.1 102 Processing\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'HTTP/1.1 103 Early\r\nTransfer-Encoding: chunked\r\n\r\n',
  'HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n', 'HTTP/1.1 103 Early\r\nConnection: close\r\n\r\n', 'HTTP/1.1 101 Switching\r\n\r\n',
  'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n', 'HTTP/1.1 100 Continue\n\n', 'HTTP/1.1 100 Continue\r\nX A: b\r\n\r\n', '\r\n', '\n', '\0',
  'HTTP/1.1 103 Early\r\nContent-Length: x\r\n\r\n', 'HTTP/1.1 103 Early\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n',
];

// prettier-ignore
const SURPLUS = [
  '\r\n', '\n', 'x', '\0', ' ', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother', 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n', '0\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n', 'more bytes',
];

const LINE_ENDS = ['\n', '\r', '\n\r', '\r\r\n', '\r\n\r\n', ' \r\n', '\0\r\n'];

const manyLines = (count: number): string[] => Array<string>(count).fill('a: b');

/** Every change by a name that says what it does. */
export const CHANGES: ReadonlyMap<string, Change> = new Map<string, Change>([
  ...each('status line', STATUS_LINES, (statusLine) => (draft) => ({ ...draft, statusLine })),
  ...each('length', LENGTHS, (value) => setFraming(`Content-Length: ${value}`)),
  ...each('coding', CODINGS, (value) => setFraming(`Transfer-Encoding: ${value}`)),
  ...each('coding beside a length', CODINGS, (value) => addHeader(`Transfer-Encoding: ${value}`)),
  ...each('header', HEADERS, addHeader),
  ...each('first header', HEADERS, (line) => (draft) => ({ ...draft, headers: [line, ...draft.headers] })),
  ...each('after a chunk size', SIZE_ENDS, (end) => changeSize((size) => size + end)),
  ...each('after the last chunk size', SIZE_ENDS, (end) => changeLastSize(`0${end}`)),
  ...each('before a chunk size', [' ', '\t', '0', '000', '+', '-', '0x', '\r\n', '\n', '\0'], (start) =>
    changeSize((size) => start + size),
  ),
  ...each('chunk size', SIZES, (size) => changeSize(() => size)),
  ...each('last chunk size', SIZES, changeLastSize),
  ...each('trailer', TRAILERS, (line) => (draft) => ({ ...draft, trailers: [...draft.trailers, line] })),
  ...each('interim', INTERIMS, (head) => (draft) => ({ ...draft, interims: [...draft.interims, head] })),
  ...each('surplus', SURPLUS, (surplus) => (draft) => ({ ...draft, surplus: draft.surplus + surplus })),
  ...each('end of line', LINE_ENDS, (endOfLine) => (draft) => ({ ...draft, endOfLine })),
  ...each('end of a chunk line', LINE_ENDS, (endOfChunkLine) => (draft) => ({ ...draft, endOfChunkLine })),
  ['a reason without an end', (draft) => ({ ...draft, statusLine: draft.statusLine + 'x'.repeat(20_000) })],
  ['headers without an end', (draft) => ({ ...draft, headers: [...draft.headers, ...manyLines(4000)] })],
  ['many headers', (draft) => ({ ...draft, headers: [...draft.headers, ...manyLines(900)] })],
  ['trailers without an end', (draft) => ({ ...draft, trailers: manyLines(4000) })],
  ['long trailers', (draft) => ({ ...draft, trailers: Array<string>(10).fill(`a: ${'b'.repeat(3000)}`) })],
  ['many trailers', (draft) => ({ ...draft, trailers: manyLines(90) })],
  ['every header twice', (draft) => ({ ...draft, headers: draft.headers.flatMap((line) => [line, line]) })],
  ['no headers', (draft) => ({ ...draft, headers: [] })],
  ['no length', (draft) => ({ ...draft, headers: withoutHeader('content-length', draft) })],
  ['no body, as to HEAD', (draft) => ({ ...draft, body: '' })],
  ['headers in upper case', (draft) => ({ ...draft, headers: draft.headers.map((line) => line.toUpperCase()) })],
]);
