import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findOperation } from '../../../src/sandbox/protocol/routes.ts';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { createSignedSender, type SendSigned } from '../../support/signed-request.ts';

/** What the sandbox does not implement it refuses with 501, and changes nothing. */
let sandbox: TestSandbox;
let send: SendSigned;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  send = createSignedSender(sandbox);
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());
beforeEach(() => sandbox.putObject('bucket', 'k', { body: 'kept' }));

const NOT_IMPLEMENTED = [501, 'NotImplemented'];

describe('a request with a header that has no effect here', () => {
  it.each([
    'x-amz-object-lock-legal-hold',
    'x-amz-object-lock-mode',
    'x-amz-website-redirect-location',
    'x-amz-grant-read',
    'x-amz-write-offset-bytes',
    'x-amz-server-side-encryption-context',
    'x-amz-server-side-encryption-bucket-key-enabled',
    'x-amz-checksum-sha512',
    'x-amz-checksum-algorithm',
    'x-amz-expected-bucket-owner',
    'x-amz-of-the-future',
    'content-range',
    'if-modified-since',
    'if-unmodified-since',
    'range',
  ])('%s is refused by PutObject', async (name) => {
    const { status, code } = await send('PUT', '/bucket/k', { headers: { [name]: '1' }, body: 'new' });
    expect([status, code]).toEqual(NOT_IMPLEMENTED);
    expect(sandbox.read('bucket', 'k')?.toString()).toBe('kept');
  });

  it.each([
    'if-none-match',
    'if-unmodified-since',
    'x-amz-if-match-last-modified-time',
    'x-amz-if-match-size',
    'x-amz-bypass-governance-retention',
    'x-amz-mfa',
  ])('%s is refused by DeleteObject', async (name) => {
    const { status, code } = await send('DELETE', '/bucket/k', { headers: { [name]: '1' } });
    expect([status, code]).toEqual(NOT_IMPLEMENTED);
    expect(sandbox.keys('bucket')).toContain('k');
  });

  it.each(['x-amz-copy-source-range', 'x-amz-tagging-directive', 'x-amz-tagging'])(
    '%s is refused by CopyObject',
    async (name) => {
      const headers = { 'x-amz-copy-source': '/bucket/k', [name]: 'bytes=0-1' };
      const { status, code } = await send('PUT', '/bucket/copy', { headers });
      expect([status, code]).toEqual(NOT_IMPLEMENTED);
      expect(sandbox.keys('bucket')).not.toContain('copy');
    },
  );

  it('is refused by every other operation', async () => {
    const headers = { 'if-match': '"x"' };
    for (const [method, path, query] of [
      ['GET', '/', {}],
      ['PUT', '/another', {}],
      ['HEAD', '/bucket', {}],
      ['DELETE', '/bucket', {}],
      ['GET', '/bucket', { 'list-type': '2' }],
      ['POST', '/bucket/k', { uploads: '' }],
      ['DELETE', '/bucket/k', { uploadId: 'x' }],
    ] as const) {
      expect((await send(method, path, { query, headers })).status, `${method} ${path}`).toBe(501);
    }
  });
});

describe('a request with a query that has no effect here', () => {
  it.each([
    ['GET', '/bucket', 'acl'],
    ['GET', '/bucket', 'policy'],
    ['PUT', '/bucket', 'lifecycle'],
    ['DELETE', '/bucket', 'lifecycle'],
    ['GET', '/bucket/k', 'tagging'],
    ['PUT', '/bucket/k', 'tagging'],
    ['PUT', '/bucket/k', 'acl'],
    ['PUT', '/bucket/k', 'legal-hold'],
    ['PUT', '/bucket/k', 'versionId'],
    ['DELETE', '/bucket/k', 'tagging'],
    ['GET', '/bucket/k', 'response-content-type'],
    ['POST', '/bucket/k', 'restore'],
    ['POST', '/bucket/k', 'select'],
    ['GET', '/bucket/k', 'of-the-future'],
  ])('%s %s?%s', async (method, path, name) => {
    const { status, code } = await send(method, path, { query: { [name]: '1' } });
    expect([status, code]).toEqual(NOT_IMPLEMENTED);
    expect(sandbox.read('bucket', 'k')?.toString()).toBe('kept');
  });
});

it.each([
  ['x-amz-checksum-mode', 'DISABLED'],
  ['x-amz-request-payer', 'owner'],
])('the value %s: %s is refused', async (name, value) => {
  const { status, code } = await send('GET', '/bucket/k', { headers: { [name]: value } });
  expect([status, code]).toEqual(NOT_IMPLEMENTED);
});

it('a query parameter that is given twice is refused', () => {
  const query = new URLSearchParams('versionId=a&versionId=b');
  expect(() => findOperation({ method: 'GET', on: 'object', query, headers: new Map() })).toThrow(/twice/);
});

describe('a deletion of many objects', () => {
  const remove = async (object: string, more = '') =>
    await send('POST', '/bucket', {
      query: { delete: '' },
      headers: { 'content-md5': md5(`<Delete>${more}<Object><Key>k</Key>${object}</Object></Delete>`) },
      body: `<Delete>${more}<Object><Key>k</Key>${object}</Object></Delete>`,
    });

  it.each(['<LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime>', '<Size>4</Size>'])(
    'is refused with the condition %s',
    async (condition) => {
      const { status, code } = await remove(condition);
      expect([status, code]).toEqual(NOT_IMPLEMENTED);
      expect(sandbox.keys('bucket')).toContain('k');
    },
  );

  it.each(['<Etag>x</Etag>', '<IfMatch>x</IfMatch>', '<VersionID>null</VersionID>'])(
    'is malformed with the element %s',
    async (element) => {
      const { status, code } = await remove(element);
      expect([status, code]).toEqual([400, 'MalformedXML']);
      expect(sandbox.keys('bucket')).toContain('k');
    },
  );

  it('keeps an object with another ETag, and says so for its key', async () => {
    const { status, text } = await remove('<ETag>"0123"</ETag>');
    expect([status, text]).toEqual([200, expect.stringContaining('<Code>PreconditionFailed</Code>')]);
    expect(sandbox.keys('bucket')).toContain('k');
  });

  it('deletes an object with this ETag, or with any where the condition is that it exists', async () => {
    expect((await remove(`<ETag>&quot;${md5Hex('kept')}&quot;</ETag>`)).text).toContain('<Deleted>');
    expect(sandbox.keys('bucket')).not.toContain('k');
    expect((await remove('<ETag>*</ETag>')).text).toContain('<Code>PreconditionFailed</Code>');
  });

  it('reads literal text, and no other declarations', async () => {
    const body = '<Delete><!-- > --><Object><Key><![CDATA[k]]></Key></Object></Delete>';
    const query = { delete: '' };
    expect((await send('POST', '/bucket', { query, headers: { 'content-md5': md5(body) }, body })).text).toContain(
      '<Deleted><Key>k</Key></Deleted>',
    );
    expect((await remove('', '<!DOCTYPE a [<!ENTITY b "c">]>')).code).toBe('MalformedXML');
  });
});

function md5Hex(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('base64');
}
