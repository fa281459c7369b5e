import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { createSignedSender, type SendSigned } from '../../support/signed-request.ts';

/** Ranges and conditions of reads. */
let sandbox: TestSandbox;
let send: SendSigned;
let etag: string;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  send = createSignedSender(sandbox);
  sandbox.putObject('bucket', 'k', { body: '0123456789', ageMs: 60_000 });
  sandbox.putObject('bucket', 'empty', { body: '' });
  etag = (await send('HEAD', '/bucket/k')).headers.get('etag') ?? '';
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());

const read = async (headers: Record<string, string>, key = 'k', method = 'GET') =>
  await send(method, `/bucket/${key}`, { headers });

describe('a range', () => {
  it.each([
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=9-', '9', 'bytes 9-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-99', '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ])('%s is a part', async (range, text, contentRange) => {
    const response = await read({ range });
    expect([response.status, response.text, response.headers.get('content-range')]).toEqual([206, text, contentRange]);
    const head = await read({ range }, 'k', 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([206, String(text.length)]);
  });

  it.each(['bytes=0-1,4-5', 'bytes=5-2', 'bytes=-', 'bytes=a-b', 'bytes', 'lines=0-1'])(
    '%s is ignored',
    async (range) => {
      const response = await read({ range });
      expect([response.status, response.text]).toEqual([200, '0123456789']);
    },
  );

  it.each([
    ['bytes=10-', 'k', '10'],
    ['bytes=10-20', 'k', '10'],
    ['bytes=-0', 'k', '10'],
    ['bytes=0-', 'empty', '0'],
    ['bytes=-1', 'empty', '0'],
  ])('%s of %s is 416 with the actual size', async (range, key, size) => {
    const { status, code, text, headers } = await read({ range }, key);
    expect([status, code]).toEqual([416, 'InvalidRange']);
    expect(text).toContain(`<RangeRequested>${range}</RangeRequested><ActualObjectSize>${size}</ActualObjectSize>`);
    expect(headers.get('content-range')).toBe(`bytes */${size}`);
    const head = await read({ range }, key, 'HEAD');
    expect([head.status, head.text]).toEqual([416, '']);
  });

  it('under If-Range is not implemented', async () => {
    expect((await read({ range: 'bytes=0-1', 'if-range': etag })).status).toBe(501);
  });
});

describe('a condition', () => {
  const PAST = 'Mon, 01 Jan 2024 00:00:00 GMT';
  const FUTURE = 'Fri, 01 Jan 2100 00:00:00 GMT';

  it.each<[string, () => Record<string, string>, number]>([
    ['If-Match', () => ({ 'if-match': etag }), 200],
    ['If-Match of several', () => ({ 'if-match': `"x", ${etag}` }), 200],
    ['If-Match of anything', () => ({ 'if-match': '*' }), 200],
    ['If-Match of another', () => ({ 'if-match': '"x"' }), 412],
    ['If-None-Match', () => ({ 'if-none-match': etag }), 304],
    ['If-None-Match of another', () => ({ 'if-none-match': '"x"' }), 200],
    ['If-Modified-Since before', () => ({ 'if-modified-since': PAST }), 200],
    ['If-Modified-Since after', () => ({ 'if-modified-since': FUTURE }), 304],
    ['If-Unmodified-Since before', () => ({ 'if-unmodified-since': PAST }), 412],
    ['If-Match wins over If-Unmodified-Since', () => ({ 'if-match': etag, 'if-unmodified-since': PAST }), 200],
    ['If-None-Match wins over If-Modified-Since', () => ({ 'if-none-match': '"x"', 'if-modified-since': FUTURE }), 200],
  ])('%s', async (_what, headers, status) => {
    for (const method of ['GET', 'HEAD']) {
      const response = await read(headers(), 'k', method);
      expect(response.status, method).toBe(status);
      if (status === 304) expect([response.text, response.headers.get('etag')]).toEqual(['', etag]);
    }
  });

  it('that failed is named', async () => {
    expect((await read({ 'if-match': '"x"' })).text).toContain('<Condition>If-Match</Condition>');
  });
});

describe('an error', () => {
  it('has the elements of one of S3', async () => {
    const { status, text, headers } = await read({}, 'none');
    const id = headers.get('x-amz-request-id') ?? '';
    expect(status).toBe(404);
    expect(headers.get('content-type')).toBe('application/xml');
    expect(text).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>NoSuchKey<\/Code><Message>.+<\/Message>.*<\/Error>$/,
    );
    expect(text).toContain(`<Resource>/bucket/none</Resource><RequestId>${id}</RequestId><HostId>`);
  });
});
