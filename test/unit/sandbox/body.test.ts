import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readChunkedBody } from '../../../src/sandbox/protocol/chunked-body.ts';
import { checkSignature, type ChunkSigner } from '../../../src/sandbox/protocol/signature.ts';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { createSignedSender, type SendSigned } from '../../support/signed-request.ts';

/** How bodies are framed, and the digests that they must match. */
let sandbox: TestSandbox;
let send: SendSigned;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  send = createSignedSender(sandbox);
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());
beforeEach(() => sandbox.putObject('bucket', 'k', { body: 'kept' }));

const BODY = 'the body';
const md5 = (text: string) => createHash('md5').update(text).digest('base64');
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64');
function crcOf(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString('base64');
}

const put = async (headers: Record<string, string>, body: string | Buffer = BODY) =>
  await send('PUT', '/bucket/k', { headers, body });

describe('a digest', () => {
  it.each([
    [{ 'content-md5': 'nonsense' }, 'InvalidDigest'],
    [{ 'content-md5': '' }, 'InvalidDigest'],
    [{ 'content-md5': Buffer.alloc(15).toString('base64') }, 'InvalidDigest'],
    [{ 'content-md5': createHash('md5').update(BODY).digest('hex') }, 'InvalidDigest'],
    [{ 'content-md5': md5(BODY).replace('==', '') }, 'InvalidDigest'],
    [{ 'content-md5': md5('another') }, 'BadDigest'],
    [{ 'x-amz-checksum-crc32': 'nonsense' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-crc32': '' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-sha256': crcOf(BODY) }, 'InvalidRequest'],
    [{ 'x-amz-checksum-crc32': crcOf('another') }, 'BadDigest'],
    [{ 'x-amz-checksum-sha256': sha256('another') }, 'BadDigest'],
    [{ 'x-amz-checksum-crc32': crcOf(BODY), 'x-amz-checksum-sha256': sha256(BODY) }, 'InvalidRequest'],
    [{ 'x-amz-sdk-checksum-algorithm': 'CRC32' }, 'InvalidRequest'],
    [{ 'x-amz-sdk-checksum-algorithm': 'CRC7', 'x-amz-checksum-crc32': crcOf(BODY) }, 'InvalidRequest'],
    [{ 'x-amz-sdk-checksum-algorithm': 'XXHASH64' }, 'NotImplemented'],
    [{ 'x-amz-sdk-checksum-algorithm': 'SHA256', 'x-amz-checksum-crc32': crcOf(BODY) }, 'InvalidRequest'],
    [{ 'x-amz-trailer': 'x-amz-checksum-crc32' }, 'InvalidRequest'],
    [{ 'x-amz-content-sha256': 'nonsense' }, 'InvalidArgument'],
    [{ 'x-amz-content-sha256': 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD' }, 'NotImplemented'],
    [{ 'x-amz-content-sha256': '0'.repeat(64) }, 'XAmzContentSHA256Mismatch'],
  ])('%j is refused: %s', async (headers, code) => {
    expect((await put(headers)).code).toBe(code);
    expect(sandbox.read('bucket', 'k')?.toString()).toBe('kept');
  });

  it('of the body is accepted', async () => {
    const right = { 'content-md5': md5(BODY), 'x-amz-checksum-crc32': crcOf(BODY) };
    expect((await put({ ...right, 'x-amz-sdk-checksum-algorithm': 'CRC32' })).status).toBe(200);
    expect(sandbox.read('bucket', 'k')?.toString()).toBe(BODY);
  });
});

describe('a framed body', () => {
  const frame = (trailer: string) => `8\r\n${BODY}\r\n0\r\n${trailer}\r\n`;
  const UNSIGNED = { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'content-encoding': 'aws-chunked' };
  const LENGTH = { 'x-amz-decoded-content-length': '8' };
  const TRAILER = { 'x-amz-trailer': 'x-amz-checksum-crc32' };

  it('is stored without its framing', async () => {
    const trailer = `x-amz-checksum-crc32:${crcOf(BODY)}\r\n`;
    expect((await put({ ...UNSIGNED, ...LENGTH, ...TRAILER }, frame(trailer))).status).toBe(200);
    expect(sandbox.read('bucket', 'k')?.toString()).toBe(BODY);
    const { headers } = await send('HEAD', '/bucket/k', { headers: { 'x-amz-checksum-mode': 'ENABLED' } });
    expect([headers.get('content-encoding'), headers.get('x-amz-checksum-crc32')]).toEqual([null, crcOf(BODY)]);
  });

  it.each([
    ['without its length', TRAILER, frame(''), 'MissingContentLength'],
    ['without its trailer', { ...LENGTH, ...TRAILER }, frame(''), 'MalformedTrailerError'],
    ['with another trailer', { ...LENGTH, ...TRAILER }, frame('x-other:1\r\n'), 'MalformedTrailerError'],
    ['with a wrong trailer', { ...LENGTH, ...TRAILER }, frame(`x-amz-checksum-crc32:AAAAAA==\r\n`), 'BadDigest'],
    ['of another length', { 'x-amz-decoded-content-length': '9' }, frame(''), 'IncompleteBody'],
    ['that ends early', LENGTH, '9\r\nthe body', 'IncompleteBody'],
    ['with a size that is none', LENGTH, '8g\r\nthe body\r\n0\r\n\r\n', 'InvalidRequest'],
    ['without framing', LENGTH, BODY, 'IncompleteBody'],
  ])('%s is refused', async (_what, headers, body, code) => {
    expect((await put({ ...UNSIGNED, ...headers }, body)).code).toBe(code);
    expect(sandbox.read('bucket', 'k')?.toString()).toBe('kept');
  });
});

describe('the chunks of a signed body', () => {
  /** The example of the S3 API Reference, "Signature calculations: transferring a payload in multiple chunks". */
  const SIGNATURES = [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ] as const;

  function sign(): ChunkSigner {
    const headers = {
      'content-encoding': 'aws-chunked',
      'content-length': '66824',
      host: 's3.amazonaws.com',
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'x-amz-date': '20130524T000000Z',
      'x-amz-decoded-content-length': '66560',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    };
    const credential = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
    const signature = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
    const signed = Object.keys(headers).join(';');
    const authorization = `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${signed},Signature=${signature}`;
    const request = {
      method: 'PUT',
      path: '/examplebucket/chunkObject.txt',
      query: new URLSearchParams(),
      headers: new Map(Object.entries({ ...headers, authorization })),
    };
    const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
    return checkSignature(request, keys, Date.UTC(2013, 4, 24));
  }

  const frame = ([one, two, end]: readonly [string, string, string]) =>
    Buffer.from(
      `10000;chunk-signature=${one}\r\n${'a'.repeat(65_536)}\r\n400;chunk-signature=${two}\r\n` +
        `${'a'.repeat(1024)}\r\n0;chunk-signature=${end}\r\n\r\n`,
    );

  it('are those of the example in the reference', () => {
    expect(readChunkedBody(frame(SIGNATURES), sign()).body.toString()).toBe('a'.repeat(66_560));
  });

  it('are refused if one is changed, left out or out of order', () => {
    const [one, two, end] = SIGNATURES;
    for (const wrong of [
      [one, two, one],
      [two, one, end],
      [one, '0'.repeat(64), end],
    ] as const) {
      expect(() => readChunkedBody(frame(wrong), sign())).toThrow(/signature/);
    }
    const unsigned = Buffer.from(
      frame(SIGNATURES)
        .toString()
        .replaceAll(/;chunk-signature=[0-9a-f]+/g, ''),
    );
    expect(() => readChunkedBody(unsigned, sign())).toThrow(/signature/);
  });
});
