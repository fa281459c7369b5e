import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { createSignedSender, type SendSigned } from '../../support/signed-request.ts';

/** CompleteMultipartUpload as S3 answers it, also when it is sent again. */
let sandbox: TestSandbox;
let send: SendSigned;
let uploadId: string;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  send = createSignedSender(sandbox);
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());
beforeEach(async () => {
  uploadId = await begin();
});

async function begin(headers: Record<string, string> = {}): Promise<string> {
  const { text } = await send('POST', '/bucket/k', { query: { uploads: '' }, headers });
  return /<UploadId>(.*)<\/UploadId>/.exec(text)?.[1] ?? '';
}

const sendPart = async (partNumber: string, headers: Record<string, string> = {}) =>
  await send('PUT', '/bucket/k', { query: { partNumber, uploadId }, headers, body: 'part' });

async function complete(parts: string, headers: Record<string, string> = {}, key = 'k') {
  const body = `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`;
  return await send('POST', `/bucket/${key}`, { query: { uploadId }, headers, body });
}

async function sendOnly(): Promise<string> {
  const { headers } = await sendPart('1');
  return `<Part><PartNumber>1</PartNumber><ETag>${headers.get('etag')}</ETag></Part>`;
}

describe('a completion that is sent again', () => {
  it('gets the same response, and stores nothing again', async () => {
    const parts = await sendOnly();
    const first = await complete(parts, { 'if-none-match': '*' });
    expect(first.status).toBe(200);
    sandbox.putObject('bucket', 'k', { body: 'written since' });
    const second = await complete(parts.replaceAll('"', ''), { 'if-none-match': '*' });
    expect([second.status, second.text]).toEqual([200, first.text]);
    expect(sandbox.read('bucket', 'k')?.toString()).toBe('written since');
  });

  it('is one of an unknown upload, with other parts, another key or after an abort', async () => {
    const parts = await sendOnly();
    await complete(parts);
    expect((await complete(parts, {}, 'other')).code).toBe('NoSuchUpload');
    expect((await complete(parts.replace('>1<', '>2<'))).code).toBe('NoSuchUpload');
    expect((await send('DELETE', '/bucket/k', { query: { uploadId } })).code).toBe('NoSuchUpload');
    expect((await sendPart('1')).code).toBe('NoSuchUpload');
  });
});

describe('a completion', () => {
  it.each([
    ['', 'MalformedXML'],
    ['<Part><PartNumber>1</PartNumber></Part>', 'MalformedXML'],
    ['<Part><PartNumber>one</PartNumber><ETag>x</ETag></Part>', 'MalformedXML'],
    ['<Other/>', 'MalformedXML'],
    ['<Part><PartNumber>1</PartNumber><ETag>*</ETag></Part>', 'InvalidPart'],
  ])('with the parts %j is %s', async (parts, code) => {
    await sendPart('1');
    expect((await complete(parts)).code).toBe(code);
    expect(sandbox.openUploads('bucket')).toBeGreaterThan(0);
  });

  it('names no checksum but that of its upload', async () => {
    const parts = await sendOnly();
    expect((await complete(parts, { 'x-amz-checksum-crc32': 'AAAAAA==' })).code).toBe('InvalidRequest');
    expect((await complete(parts, { 'x-amz-checksum-type': 'FULL_OBJECT' })).code).toBe('InvalidRequest');
  });
});

describe('a part', () => {
  it.each(['0', '10001', '', '1e0', '0x1', ' 1', '-1', '1.0'])('has no number %j', async (number) => {
    expect((await sendPart(number)).code).toBe('InvalidArgument');
    expect((await send('GET', '/bucket/k', { query: { partNumber: number } })).status).toBeGreaterThanOrEqual(400);
  });

  it('has the checksum that its upload declares', async () => {
    uploadId = await begin({ 'x-amz-checksum-algorithm': 'SHA256' });
    expect((await sendPart('1')).code).toBe('InvalidRequest');
    const other = Buffer.alloc(4);
    other.writeUInt32BE(crc32('part'));
    expect((await sendPart('1', { 'x-amz-checksum-crc32': other.toString('base64') })).code).toBe('InvalidRequest');
  });
});

describe('an upload', () => {
  it.each([
    [{ 'x-amz-checksum-algorithm': 'CRC64NVME', 'x-amz-checksum-type': 'COMPOSITE' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-algorithm': 'SHA256', 'x-amz-checksum-type': 'FULL_OBJECT' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'HALF' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-type': 'COMPOSITE' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-algorithm': 'CRC7' }, 'InvalidRequest'],
    [{ 'x-amz-checksum-algorithm': 'SHA512' }, 'NotImplemented'],
  ])('is refused with %j', async (headers, code) => {
    expect((await send('POST', '/bucket/k', { query: { uploads: '' }, headers })).code).toBe(code);
  });
});
