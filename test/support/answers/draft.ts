/** An answer to GetObject in its pieces, so that a change can put a wrong one in any place. Text is latin1. */
export interface AnswerDraft {
  /** Whole heads of interim answers. */
  readonly interims: readonly string[];
  readonly statusLine: string;
  /** Without their line ends. */
  readonly headers: readonly string[];
  /** A string has a stated length or none; chunks are framed. */
  readonly body: string | readonly Chunk[];
  /** Lines after the last chunk. */
  readonly trailers: readonly string[];
  /** What follows the answer. */
  readonly surplus: string;
  /** Ends each line of the head. */
  readonly endOfLine: string;
  /** Ends each line around chunks. */
  readonly endOfChunkLine: string;
}

interface Chunk {
  readonly size: string;
  readonly bytes: string;
}

export function renderAnswer(draft: AnswerDraft): string {
  const { interims, statusLine, headers, body, trailers, surplus, endOfLine, endOfChunkLine } = draft;
  const head = [statusLine, ...headers, '', ''].join(endOfLine);
  const framed =
    typeof body === 'string'
      ? body
      : [
          ...body.flatMap(({ size, bytes }, index) => (index === body.length - 1 ? [size] : [size, bytes])),
          ...trailers,
          '',
          '',
        ].join(endOfChunkLine);
  return interims.join('') + head + framed + surplus;
}

const SENT_BY_S3 = ['x-amz-request-id: tx000', 'Date: Sat, 28 Nov 2026 20:00:00 GMT', 'Server: AmazonS3'];
const OBJECT = ['ETag: "9b2cf535f27731c974343645a3985328"', 'Last-Modified: Fri, 27 Nov 2026 20:00:00 GMT'];
const PLAIN = { interims: [], trailers: [], surplus: '', endOfLine: '\r\n', endOfChunkLine: '\r\n' };
const ERROR = '<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>';

const chunk = (bytes: string): Chunk => ({ size: bytes.length.toString(16), bytes });
const sized = (statusLine: string, body: string, ...more: readonly string[]): AnswerDraft => ({
  ...PLAIN,
  statusLine,
  headers: [...SENT_BY_S3, ...more, `Content-Length: ${body.length}`],
  body,
});
const chunked = (statusLine: string, parts: readonly string[], ...more: readonly string[]): AnswerDraft => ({
  ...PLAIN,
  statusLine,
  headers: [...SENT_BY_S3, ...more, 'Transfer-Encoding: chunked'],
  body: [...parts, ''].map(chunk),
});

/** Answers as stores and proxies send them. */
export const REAL_ANSWERS: Readonly<Record<string, AnswerDraft>> = {
  object: sized('HTTP/1.1 200 OK', 'the bytes', ...OBJECT, 'x-amz-meta-mtime: 1700000000', 'Accept-Ranges: bytes'),
  'empty object': sized('HTTP/1.1 200 OK', '', ...OBJECT),
  range: sized('HTTP/1.1 206 Partial Content', 'part', ...OBJECT, 'Content-Range: bytes 3-6/9'),
  'object behind a proxy': chunked('HTTP/1.1 200 OK', ['0123456789', 'abc'], ...OBJECT, 'Via: 1.1 proxy'),
  'object in many chunks': chunked('HTTP/1.1 200 OK', ['a', 'bc', 'a'.repeat(17), '\r\n0\r\n\r\n'], ...OBJECT),
  'error in chunks': chunked('HTTP/1.1 503 Slow Down', [ERROR], 'Connection: close'),
  'error of a known length': sized('HTTP/1.1 404 Not Found', ERROR, 'Connection: keep-alive'),
  'nothing new': { ...PLAIN, statusLine: 'HTTP/1.1 304 Not Modified', headers: [...SENT_BY_S3, ...OBJECT], body: '' },
  'no content': { ...PLAIN, statusLine: 'HTTP/1.1 204 No Content', headers: SENT_BY_S3, body: '' },
  'object to the end of the connection': {
    ...PLAIN,
    statusLine: 'HTTP/1.0 200 OK',
    headers: [...OBJECT, 'Connection: close'],
    body: 'all of it',
  },
  'object after a hint': {
    ...sized('HTTP/1.1 200 OK', 'the bytes', ...OBJECT, 'Keep-Alive: timeout=5, max=100'),
    interims: ['HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'],
  },
};
