import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { createSignedSender, type SendSigned } from '../../support/signed-request.ts';

/** What a write says about its object: kept and returned as S3 does, or refused. */
let sandbox: TestSandbox;
let send: SendSigned;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  send = createSignedSender(sandbox);
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());
beforeEach(() => sandbox.putObject('bucket', 'k', { body: 'kept' }));

const put = async (headers: Record<string, string>) =>
  await send('PUT', '/bucket/k', { headers: { 'content-type': 'a/b', ...headers }, body: 'new' });
const head = async (key = 'k') => (await send('HEAD', `/bucket/${key}`)).headers;
const copy = async (headers: Record<string, string>, to = 'copy') =>
  await send('PUT', `/bucket/${to}`, { headers: { 'x-amz-copy-source': '/bucket/k', ...headers } });

describe('a value that the sandbox does not implement', () => {
  it.each([
    ['x-amz-acl', 'public-read'],
    ['x-amz-acl', 'nonsense'],
    ['x-amz-storage-class', 'OUTPOSTS'],
    ['x-amz-storage-class', 'nonsense'],
    ['x-amz-server-side-encryption', 'rot13'],
  ])('%s: %s is refused by every write', async (name, value) => {
    for (const answer of [
      await put({ [name]: value }),
      await copy({ [name]: value }),
      await send('POST', '/bucket/k', { query: { uploads: '' }, headers: { [name]: value } }),
    ]) {
      expect([answer.status, answer.code]).toEqual([501, 'NotImplemented']);
    }
    expect(sandbox.read('bucket', 'k')?.toString()).toBe('kept');
    expect([sandbox.keys('bucket').includes('copy'), sandbox.openUploads('bucket')]).toEqual([false, 0]);
  });

  it('is refused where S3 refuses it', async () => {
    const code = async (headers: Record<string, string>) => (await put(headers)).code;
    expect(await code({ 'x-amz-server-side-encryption-aws-kms-key-id': 'k' })).toBe('InvalidArgument');
    expect(await code({ 'x-amz-tagging': 'a=1&a=2' })).toBe('InvalidTag');
    expect(await code({ 'x-amz-tagging': `a=${'x'.repeat(257)}` })).toBe('InvalidTag');
    const eleven = Array.from({ length: 11 }, (_, index) => `t${index}=`).join('&');
    expect(await code({ 'x-amz-tagging': eleven })).toBe('BadRequest');
    expect(await code({ 'x-amz-meta-a': 'x'.repeat(2048) })).toBe('MetadataTooLarge');
    expect((await copy({ 'x-amz-metadata-directive': 'MERGE' })).code).toBe('InvalidArgument');
    expect(await code({ 'x-amz-meta-a': 'x'.repeat(2047) })).toBeNull();
  });
});

describe('a value that the sandbox implements', () => {
  it.each(['private', 'bucket-owner-full-control'])('the ACL %s gives nobody anything new', async (acl) => {
    expect((await put({ 'x-amz-acl': acl })).status).toBe(200);
  });

  it('the storage class is returned and listed', async () => {
    await put({ 'x-amz-storage-class': 'STANDARD_IA' });
    expect((await head()).get('x-amz-storage-class')).toBe('STANDARD_IA');
    for (const query of [{ 'list-type': '2' }, {}, { versions: '' }] as const) {
      const { text } = await send('GET', '/bucket', { query: { ...query, prefix: 'k' } });
      expect(text).toContain('<StorageClass>STANDARD_IA</StorageClass>');
    }
    await put({ 'x-amz-storage-class': 'STANDARD' });
    expect((await head()).get('x-amz-storage-class')).toBeNull();
  });

  it.each(['GLACIER', 'DEEP_ARCHIVE'])('the class %s has to be restored before it is read', async (storageClass) => {
    await put({ 'x-amz-storage-class': storageClass });
    expect((await head()).get('x-amz-storage-class')).toBe(storageClass);
    const read = await send('GET', '/bucket/k');
    expect([read.status, read.code]).toEqual([403, 'InvalidObjectState']);
    expect(read.text).toContain(`<StorageClass>${storageClass}</StorageClass>`);
    expect((await copy({})).code).toBe('InvalidObjectState');
  });

  it('the encryption is named by the response and by reads; with KMS the ETag is no MD5', async () => {
    const md5 = `"${createHash('md5').update('new').digest('hex')}"`;
    const own = await put({ 'x-amz-server-side-encryption': 'AES256' });
    expect([own.headers.get('x-amz-server-side-encryption'), own.headers.get('etag')]).toEqual(['AES256', md5]);
    const kms = { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': 'id' };
    const { headers } = await put(kms);
    expect(Object.fromEntries(headers)).toMatchObject(kms);
    expect(headers.get('etag')).toMatch(/^"[0-9a-f]{32}"$/);
    expect(headers.get('etag')).not.toBe(md5);
    expect(Object.fromEntries(await head())).toMatchObject(kms);
  });

  it.each([
    ['aws-chunked', null],
    ['gzip,aws-chunked', 'gzip'],
    ['aws-chunked, gzip', 'gzip'],
    ['gzip, AWS-Chunked ,br', 'gzip,br'],
    ['gzip', 'gzip'],
  ])('the coding %j is kept as %j', async (coding, kept) => {
    await put({ 'content-encoding': coding });
    expect((await head()).get('content-encoding')).toBe(kept);
  });
});

describe('a copy', () => {
  beforeEach(async () => {
    await put({ 'x-amz-storage-class': 'STANDARD_IA', 'x-amz-meta-a': '1', 'x-amz-tagging': 'a=1' });
  });

  it('keeps description and tags, but not the storage class', async () => {
    await copy({});
    const headers = await head('copy');
    expect(['content-type', 'x-amz-meta-a', 'x-amz-tagging-count'].map((name) => headers.get(name))).toEqual([
      'a/b',
      '1',
      '1',
    ]);
    expect(headers.get('x-amz-storage-class')).toBeNull();
  });

  it('takes another description, and still the tags', async () => {
    await copy({ 'x-amz-metadata-directive': 'REPLACE', 'content-type': 'c/d' });
    const headers = await head('copy');
    expect(['content-type', 'x-amz-meta-a', 'x-amz-tagging-count'].map((name) => headers.get(name))).toEqual([
      'c/d',
      null,
      '1',
    ]);
  });

  it('of an object to itself may change its class', async () => {
    expect((await copy({ 'x-amz-storage-class': 'STANDARD_IA' }, 'k')).code).toBe('InvalidRequest');
    expect((await copy({}, 'k')).status).toBe(200);
    expect((await head()).get('x-amz-storage-class')).toBeNull();
  });

  it('honours conditions on its source and on its target', async () => {
    const etag = (await head()).get('etag') ?? '';
    const code = async (headers: Record<string, string>, to?: string) => (await copy(headers, to)).code;
    expect(await code({ 'x-amz-copy-source-if-match': '"other"' })).toBe('PreconditionFailed');
    expect(await code({ 'x-amz-copy-source-if-none-match': etag })).toBe('PreconditionFailed');
    expect(await code({ 'x-amz-copy-source-if-match': etag, 'if-none-match': '*' }, 'fresh')).toBeNull();
    expect(await code({ 'if-none-match': '*' }, 'fresh')).toBe('PreconditionFailed');
  });

  it('has the requested checksum', async () => {
    const { text } = await copy({ 'x-amz-checksum-algorithm': 'SHA256' });
    expect(text).toContain(createHash('sha256').update('new').digest('base64'));
    expect((await copy({ 'x-amz-checksum-algorithm': 'XXHASH3' })).code).toBe('NotImplemented');
    expect((await copy({ 'x-amz-checksum-algorithm': 'CRC7' })).code).toBe('InvalidRequest');
  });
});
