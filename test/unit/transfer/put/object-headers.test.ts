import { describe, expect, it } from 'vitest';
import { readObjectOptions } from '../../../../src/cli/flags/put-flags.ts';
import { contentTypeOf } from '../../../../src/transfer/put/content-type.ts';
import { formatMtime, prepareHeaders } from '../../../../src/transfer/put/object-headers.ts';

describe('contentTypeOf', () => {
  it.each([
    ['a/page.html', 'text/html'],
    ['IMAGE.JPG', 'image/jpeg'],
    ['archive.tar.gz', 'application/gzip'],
    ['module.wasm', 'application/wasm'],
    ['none', null],
    ['dir.html/none', null],
    ['.html', 'text/html'],
    ['odd.constructor', null],
    ['dot.', null],
  ])('%s is %s', (name, expected) => {
    expect(contentTypeOf(name)).toBe(expected);
  });
});

describe('formatMtime', () => {
  it.each([
    [1_700_000_000_250_000_000n, '1700000000.25'],
    [1_700_000_000_000_000_001n, '1700000000.000000001'],
    [0n, '0'],
    [-1_500_000_000n, '-1.5'],
  ])('writes %d ns as %s s', (ns, expected) => {
    expect(formatMtime(String(ns))).toBe(expected);
  });
});

describe('prepareHeaders', () => {
  const identity = { sizeBytes: 1, mtimeNs: '1000000000', inode: '1' };

  it('says nothing that was not asked for, but type and time', () => {
    expect(prepareHeaders({ metadata: {}, tags: {} })({ name: 'a.txt', identity })).toEqual({
      ContentType: 'text/plain',
      Metadata: { mtime: '1' },
    });
    expect(prepareHeaders({ metadata: {}, tags: {} })({ name: 'a', identity: null })).toEqual({ Metadata: {} });
  });

  it('says what was asked for, above what is found', () => {
    const options = readObjectOptions({
      'content-type': 'x/y',
      'cache-control': 'no-cache',
      'content-encoding': 'gzip',
      'content-disposition': 'attachment',
      'content-language': 'en',
      expires: '2030-01-01T00:00:00Z',
      metadata: ['MTime=5', 'a=b=c'],
      tags: ['team=a b', 'env=ü+'],
      'storage-class': 'GLACIER',
      'sse-kms-key-id': 'key',
      acl: 'private',
    });
    expect(prepareHeaders(options)({ name: 'a.txt', identity })).toEqual({
      ContentType: 'x/y',
      CacheControl: 'no-cache',
      ContentEncoding: 'gzip',
      ContentDisposition: 'attachment',
      ContentLanguage: 'en',
      Expires: new Date('2030-01-01T00:00:00Z'),
      Metadata: { mtime: '5', a: 'b=c' },
      Tagging: 'team=a%20b&env=%C3%BC%2B',
      StorageClass: 'GLACIER',
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: 'key',
      ACL: 'private',
    });
  });
});

describe('readObjectOptions', () => {
  it.each([
    [{ metadata: ['novalue'] }, '--metadata'],
    [{ metadata: ['=x'] }, '--metadata'],
    [{ metadata: ['a b=x'] }, '--metadata'],
    [{ metadata: ['a=ü'] }, '--metadata'],
    [{ metadata: [`a=${'x'.repeat(2048)}`] }, '2049 bytes'],
    [{ tags: ['x'] }, '--tags'],
    [{ tags: [`${'x'.repeat(129)}=`] }, '--tags'],
    [{ tags: Array.from({ length: 11 }, (_, index) => `t${index}=`) }, '10 tags'],
    [{ 'content-type': 'a\r\nb' }, '--content-type'],
    [{ sse: 'AES256', 'sse-kms-key-id': 'k' }, 'AES256'],
  ])('refuses %j', (flags, named) => {
    expect(() => readObjectOptions(flags)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(named) }),
    );
  });
});
