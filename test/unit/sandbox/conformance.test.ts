import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { _Object } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.ts';

/** The sandbox against the SDK as it is, and not against our own client: they must not agree on one misreading. */
let sandbox: TestSandbox;
let s3: S3Client;
const Bucket = 'bucket';
const MIB = 1024 * 1024;

function connect(secretAccessKey = sandbox.secretAccessKey, accessKeyId = sandbox.accessKeyId): S3Client {
  const { endpoint, region } = sandbox;
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId, secretAccessKey },
  });
}

beforeAll(async () => {
  sandbox = await startTestSandbox();
  s3 = connect();
});
afterAll(async () => {
  s3.destroy();
  await sandbox[Symbol.asyncDispose]();
});
beforeEach(() => {
  sandbox.clearFaults();
  sandbox.clearRequests();
});

async function text(key: string, more: object = {}): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: key, ...more }));
  return (await Body?.transformToString()) ?? '';
}

/** The code and status of what must fail. */
async function refusal(sent: Promise<unknown>): Promise<readonly [string, number | undefined]> {
  const error = await sent.then(
    () => new Error('it did not fail'),
    (failure: Error & { $metadata?: { httpStatusCode?: number } }) => failure,
  );
  return [error.name, '$metadata' in error ? error.$metadata?.httpStatusCode : undefined];
}

describe('buckets', () => {
  it('are created, found, listed and deleted', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'fresh' }));
    await s3.send(new HeadBucketCommand({ Bucket: 'fresh' }));
    expect(await refusal(s3.send(new CreateBucketCommand({ Bucket: 'fresh' })))).toEqual([
      'BucketAlreadyOwnedByYou',
      409,
    ]);
    const { Buckets = [] } = await s3.send(new ListBucketsCommand());
    expect(Buckets.map(({ Name }) => Name)).toEqual(['bucket', 'fresh']);
    await s3.send(new DeleteBucketCommand({ Bucket: 'fresh' }));
    expect(await refusal(s3.send(new ListObjectsV2Command({ Bucket: 'fresh' })))).toEqual(['NoSuchBucket', 404]);
  });

  it('cannot be deleted while they contain anything', async () => {
    sandbox.putObject(Bucket, 'x', { body: '' });
    expect(await refusal(s3.send(new DeleteBucketCommand({ Bucket })))).toEqual(['BucketNotEmpty', 409]);
  });
});

const ODD_KEYS = [
  'plain',
  'with space',
  'a+b',
  'a%20b',
  '100%',
  "it's(*)!",
  '&<>"',
  '/leading',
  'double//slash',
  'trailing/',
  '.',
  '..',
  'a/../b',
  'a/./b',
  'line\nfeed',
  'carriage\rreturn',
  'tab\tbed',
  'bell\u0007',
  'grüße',
  '\u{1f600}',
  '\ufb01',
  'x'.repeat(1024),
  '~-_.',
  '?query=1&b#hash',
  'back\\slash',
];

describe('objects', () => {
  it.each(ODD_KEYS)('the key %j is stored, read, listed and deleted as it is', async (Key) => {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    expect(sandbox.keys(Bucket)).toContain(Key);
    expect(await text(Key)).toBe(Key);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: Key, EncodingType: 'url' }));
    // A listing is encoded like a form: a space is a plus.
    const listed = Contents.map((entry) => decodeURIComponent((entry.Key ?? '').replaceAll('+', ' ')));
    expect(listed).toContain(Key);
    const { Deleted } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } }));
    expect(Deleted).toEqual([{ Key }]);
    expect(sandbox.keys(Bucket)).not.toContain(Key);
  });

  it('are returned with their headers', async () => {
    const said = {
      ContentType: 'text/csv',
      CacheControl: 'no-store',
      ContentEncoding: 'gzip',
      Metadata: { colour: 'blue' },
    };
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'a,b', ...said }));
    const { Body, ...head } = await s3.send(new GetObjectCommand({ Bucket, Key: 'k' }));
    expect(await Body?.transformToString()).toBe('a,b');
    expect(head).toMatchObject({
      ...said,
      ContentLength: 3,
      ETag: `"${createHash('md5').update('a,b').digest('hex')}"`,
    });
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).toMatchObject({ ...said, ContentLength: 3 });
  });

  it('are named in errors with a request id', async () => {
    const error = await s3.send(new GetObjectCommand({ Bucket, Key: 'none' })).catch((failure: unknown) => failure);
    expect(error).toMatchObject({
      name: 'NoSuchKey',
      $metadata: { httpStatusCode: 404, requestId: expect.stringMatching(/^[0-9A-F]{16}$/) },
    });
  });

  it.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-4', '6789', 'bytes 6-9/10'],
    ['bytes=5-99', '56789', 'bytes 5-9/10'],
  ])('are read by range %s', async (Range, expected, ContentRange) => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'digits', Body: '0123456789' }));
    const { Body, ...head } = await s3.send(new GetObjectCommand({ Bucket, Key: 'digits', Range }));
    expect(await Body?.transformToString()).toBe(expected);
    expect(head.ContentRange).toBe(ContentRange);
  });

  it('refuse a range beyond their end', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'digits', Body: '0123456789' }));
    expect(await refusal(text('digits', { Range: 'bytes=10-' }))).toEqual(['InvalidRange', 416]);
  });

  it('honour the conditions of reads and writes', async () => {
    const { ETag = '' } = await s3.send(new PutObjectCommand({ Bucket, Key: 'c', Body: 'one' }));
    expect(await text('c', { IfMatch: ETag })).toBe('one');
    expect(await refusal(text('c', { IfMatch: '"other"' }))).toEqual(['PreconditionFailed', 412]);
    expect((await refusal(text('c', { IfNoneMatch: ETag })))[1]).toBe(304);
    const again = { Bucket, Key: 'c', Body: 'two' };
    expect(await refusal(s3.send(new PutObjectCommand({ ...again, IfNoneMatch: '*' })))).toEqual([
      'PreconditionFailed',
      412,
    ]);
    expect(await refusal(s3.send(new PutObjectCommand({ ...again, IfMatch: '"other"' })))).toEqual([
      'PreconditionFailed',
      412,
    ]);
    await s3.send(new PutObjectCommand({ ...again, IfMatch: ETag }));
    expect(await refusal(s3.send(new DeleteObjectCommand({ Bucket, Key: 'c', IfMatch: ETag })))).toEqual([
      'PreconditionFailed',
      412,
    ]);
    expect(await text('c')).toBe('two');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'c' }));
    expect(await refusal(text('c'))).toEqual(['NoSuchKey', 404]);
  });

  it('are copied', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'from here', Body: 'copied', ContentType: 'text/plain' }));
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource: 'bucket/from%20here' }));
    expect(await text('to')).toBe('copied');
  });
});

describe('checksums', () => {
  it.each(Object.values(ChecksumAlgorithm).filter((name) => /^(CRC|SHA1$|SHA256$)/.test(name)))(
    '%s is verified, kept and given back',
    async (algorithm) => {
      const field = `Checksum${algorithm}`;
      const Key = algorithm;
      const sent = await s3
        .send(new PutObjectCommand({ Bucket, Key, Body: '123456789', ChecksumAlgorithm: algorithm }))
        .catch((error: Error) => error);
      // CRC-64/NVME needs a package that the SDK does not bring along.
      if (sent instanceof Error) return expect(sent.message).toMatch(/CRT|crc64/i);
      const { [field as 'ChecksumCRC32']: value } = await s3.send(
        new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }),
      );
      expect(value).toBe(sent[field as 'ChecksumCRC32']);
      expect(value).toMatch(/^[A-Za-z0-9+/]+=*$/);
      const wrong = { Bucket, Key, Body: '12345678x', [field]: value };
      expect(await refusal(s3.send(new PutObjectCommand(wrong)))).toEqual(['BadDigest', 400]);
      expect(await text(Key)).toBe('123456789');
    },
  );

  it.each([
    ['crc32', 'y/Q5Jg=='],
    ['crc32c', '4waSgw=='],
    ['crc64nvme', 'rosUhgp5mIg='],
  ] as const)('%s of "123456789" is the check value of its specification', async (algorithm, value) => {
    const { computeChecksum } = await import('../../../src/sandbox/protocol/checksum.ts');
    expect(computeChecksum(algorithm, Buffer.from('123456789'))).toBe(value);
  });

  it('refuses a body that does not match its Content-MD5', async () => {
    const ContentMD5 = createHash('md5').update('other').digest('base64');
    expect(await refusal(s3.send(new PutObjectCommand({ Bucket, Key: 'm', Body: 'this', ContentMD5 })))).toEqual([
      'BadDigest',
      400,
    ]);
  });

  it('removes the framing of a streamed body', async () => {
    const { Readable } = await import('node:stream');
    const Body = Readable.from([Buffer.alloc(70_000, 'a'), Buffer.alloc(5, 'b')]);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'streamed', Body, ContentLength: 70_005 }));
    expect(sandbox.read(Bucket, 'streamed')?.length).toBe(70_005);
  });
});

describe('multipart uploads', () => {
  it('are assembled in order, with the ETag of their parts', async () => {
    const body = Buffer.alloc(11 * MIB, 'q');
    await new Upload({ client: s3, params: { Bucket, Key: 'big', Body: body }, partSize: 5 * MIB }).done();
    expect(sandbox.read(Bucket, 'big')?.equals(body)).toBe(true);
    const { ETag } = await s3.send(new HeadObjectCommand({ Bucket, Key: 'big' }));
    expect(ETag).toMatch(/^"[0-9a-f]{32}-3"$/);
    expect(sandbox.openUploads(Bucket)).toBe(0);
  });

  it('are listed with their parts, and aborted', async () => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'm' }));
    const part = { Bucket, Key: 'm', UploadId };
    await s3.send(new UploadPartCommand({ ...part, PartNumber: 2, Body: 'two' }));
    await s3.send(new UploadPartCommand({ ...part, PartNumber: 1, Body: 'one' }));
    const { Parts = [] } = await s3.send(new ListPartsCommand(part));
    expect(Parts.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 3],
      [2, 3],
    ]);
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    expect(Uploads.map(({ Key, UploadId: id }) => [Key, id])).toEqual([['m', UploadId]]);
    await s3.send(new AbortMultipartUploadCommand(part));
    expect(await refusal(s3.send(new ListPartsCommand(part)))).toEqual(['NoSuchUpload', 404]);
  });

  it('refuse parts that are too small, unknown or out of order', async () => {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'm' }));
    const part = { Bucket, Key: 'm', UploadId };
    const one = await s3.send(new UploadPartCommand({ ...part, PartNumber: 1, Body: 'one' }));
    const two = await s3.send(new UploadPartCommand({ ...part, PartNumber: 2, Body: 'two' }));
    const complete = async (...Parts: { PartNumber: number; ETag: string | undefined }[]) =>
      await refusal(s3.send(new CompleteMultipartUploadCommand({ ...part, MultipartUpload: { Parts } })));
    const [first, second] = [
      { PartNumber: 1, ETag: one.ETag },
      { PartNumber: 2, ETag: two.ETag },
    ];
    expect(await complete(first, second)).toEqual(['EntityTooSmall', 400]);
    expect(await complete(second, first)).toEqual(['InvalidPartOrder', 400]);
    expect(await complete({ PartNumber: 1, ETag: '"nonsense"' })).toEqual(['InvalidPart', 400]);
    await s3.send(new AbortMultipartUploadCommand(part));
  });
});

describe('listings', () => {
  const KEYS = ['a', 'a/1', 'a/2', 'b', 'b/x/y', 'c', '\ufb01', '\u{1f600}'];
  beforeAll(() => {
    sandbox.createBucket('listed');
    for (const key of KEYS) sandbox.putObject('listed', key, { body: key });
  });
  const list = async (query: object) => await s3.send(new ListObjectsV2Command({ Bucket: 'listed', ...query }));
  const names = (page: { Contents?: _Object[] | undefined }) => (page.Contents ?? []).map(({ Key }) => Key);

  it('are in the order of UTF-8 bytes', async () => {
    expect(names(await list({}))).toEqual(KEYS);
  });

  it('have pages without gaps or repetitions', async () => {
    const seen: unknown[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await list({ MaxKeys: 3, ContinuationToken });
      expect(page.KeyCount).toBeLessThanOrEqual(3);
      seen.push(...names(page));
      ContinuationToken = page.NextContinuationToken;
      expect(page.IsTruncated).toBe(ContinuationToken !== undefined);
    } while (ContinuationToken !== undefined);
    expect(seen).toEqual(KEYS);
  });

  it('group by delimiter, over pages', async () => {
    const seen: unknown[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await list({ MaxKeys: 1, Delimiter: '/', ContinuationToken });
      seen.push(...names(page), ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(seen).toEqual(['a', 'a/', 'b', 'b/', 'c', '\ufb01', '\u{1f600}']);
  });

  it('start after a key, and are limited to a prefix', async () => {
    expect(names(await list({ StartAfter: 'a/1' }))).toEqual(KEYS.slice(2));
    expect(names(await list({ Prefix: 'a/' }))).toEqual(['a/1', 'a/2']);
    expect(names(await s3.send(new ListObjectsCommand({ Bucket: 'listed', Marker: 'b' })))).toEqual(KEYS.slice(4));
  });

  it('refuse more than 1000 keys in one deletion', async () => {
    const Objects = Array.from({ length: 1001 }, (_, index) => ({ Key: `k${index}` }));
    expect(await refusal(s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } })))).toEqual([
      'MalformedXML',
      400,
    ]);
  });
});

describe('a refused request', () => {
  it('has a wrong secret or an unknown key', async () => {
    expect(await refusal(connect('wrong').send(new ListBucketsCommand()))).toEqual(['SignatureDoesNotMatch', 403]);
    expect(await refusal(connect(undefined, 'nobody').send(new ListBucketsCommand()))).toEqual([
      'InvalidAccessKeyId',
      403,
    ]);
  });

  it('is not signed', async () => {
    const response = await fetch(`${sandbox.endpoint}/bucket/x`);
    expect([response.status, await response.text()]).toEqual([
      403,
      expect.stringContaining('<Code>AccessDenied</Code>'),
    ]);
  });

  it('is not implemented: 501, and nothing changes', async () => {
    sandbox.putObject(Bucket, 'tagged', { body: 'kept' });
    expect(await refusal(s3.send(new GetBucketAclCommand({ Bucket })))).toEqual(['NotImplemented', 501]);
    expect(await refusal(s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'tagged' })))).toEqual([
      'NotImplemented',
      501,
    ]);
    const locked = { Bucket, Key: 'tagged', Body: 'new', ObjectLockLegalHoldStatus: 'ON' } as const;
    expect(await refusal(s3.send(new PutObjectCommand(locked)))).toEqual(['NotImplemented', 501]);
    expect(sandbox.read(Bucket, 'tagged')?.toString()).toBe('kept');
  });

  it('has a key of more than 1024 bytes', async () => {
    expect(await refusal(s3.send(new PutObjectCommand({ Bucket, Key: 'x'.repeat(1025), Body: '' })))).toEqual([
      'KeyTooLongError',
      400,
    ]);
  });
});

describe('faults', () => {
  beforeEach(() => sandbox.putObject(Bucket, 'f', { body: '0123456789' }));

  it('are errors of S3 for a number of requests', async () => {
    sandbox.addFault('GetObject:SlowDown:times=2');
    expect(await refusal(text('f'))).toEqual(['SlowDown', 503]);
    expect(await refusal(text('f'))).toEqual(['SlowDown', 503]);
    expect(await text('f')).toBe('0123456789');
    expect(sandbox.requests().map(({ operation, status, fault }) => [operation, status, fault])).toEqual([
      ['GetObject', 503, 'error'],
      ['GetObject', 503, 'error'],
      ['GetObject', 200, null],
    ]);
  });

  it('apply to the operation, bucket and keys that they name, after those that they skip', async () => {
    sandbox.addFault('GetObject:500:InternalError:key=g:skip=1');
    sandbox.putObject(Bucket, 'g', { body: 'g' });
    expect(await text('f')).toBe('0123456789');
    expect(await text('g')).toBe('g');
    expect(await refusal(text('g'))).toEqual(['InternalError', 500]);
    sandbox.clearFaults();
    sandbox.addFault('*:500:InternalError:bucket=other');
    expect(await text('f')).toBe('0123456789');
  });

  it.each(['reset', 'truncate'])('%s ends the connection', async (effect) => {
    sandbox.addFault(`GetObject:${effect}`);
    await expect(text('f')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('lost carries out the request without a response', async () => {
    sandbox.addFault('PutObject:lost');
    await expect(s3.send(new PutObjectCommand({ Bucket, Key: 'lost', Body: 'kept' }))).rejects.toThrow();
    expect(sandbox.read(Bucket, 'lost')?.toString()).toBe('kept');
  });

  it('corrupt changes a byte', async () => {
    sandbox.addFault('GetObject:corrupt');
    const changed = await text('f');
    expect(changed).toHaveLength(10);
    expect(changed.slice(1)).toBe('123456789');
    expect(changed[0]).not.toBe('0');
  });

  it('truncate and stall read half of the body of an upload', async () => {
    const Body = Buffer.alloc(1000);
    sandbox.addFault('PutObject:truncate');
    await expect(s3.send(new PutObjectCommand({ Bucket, Key: 'cut', Body }))).rejects.toThrow();
    sandbox.clearFaults();
    sandbox.addFault('PutObject:stall');
    const gaveUp = AbortSignal.timeout(300);
    await expect(
      s3.send(new PutObjectCommand({ Bucket, Key: 'cut', Body }), { abortSignal: gaveUp }),
    ).rejects.toThrow();
    expect(sandbox.read(Bucket, 'cut')).toBeUndefined();
    expect(sandbox.requests().map(({ status, fault }) => [status, fault])).toEqual([
      [null, 'truncate'],
      [null, 'stall'],
    ]);
  });

  it('corrupt changes a byte of an upload, which is then refused', async () => {
    sandbox.addFault('PutObject:corrupt');
    const sent = s3.send(new PutObjectCommand({ Bucket, Key: 'changed', Body: 'what was meant' }));
    expect(await refusal(sent)).toEqual(['XAmzContentSHA256Mismatch', 400]);
    expect(sandbox.read(Bucket, 'changed')).toBeUndefined();
  });

  it('are logged with the bytes transferred', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'counted', Body: Buffer.alloc(1000) }));
    sandbox.addFault('GetObject:truncate');
    await expect(text('counted')).rejects.toThrow();
    expect(sandbox.requests().map(({ receivedBytes, sentBytes }) => [receivedBytes, sentBytes])).toEqual([
      [1000, 0],
      [0, 500],
    ]);
  });

  it('html sends a page', async () => {
    sandbox.addFault('GetObject:html');
    expect(await text('f')).toMatch(/^<!doctype html>/);
  });

  it('of single keys fail inside a 200', async () => {
    sandbox.addFault('DeleteObjectsEntry:InternalError:key=f');
    sandbox.putObject(Bucket, 'e', { body: '' });
    const Delete = { Objects: [{ Key: 'e' }, { Key: 'f' }] };
    const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete }));
    expect(Deleted).toEqual([{ Key: 'e' }]);
    expect(Errors).toMatchObject([{ Key: 'f', Code: 'InternalError' }]);
  });

  it.each([
    ['', /operation/],
    ['PutObjekt:SlowDown', /operation/],
    ['PutObject', /effect/],
    ['PutObject:Slowly', /effect/],
    ['PutObject:SlowDown:times', /OPTION=VALUE/],
    ['PutObject:SlowDown:times=x', /times/],
    ['PutObject:SlowDown:for=30', /for/],
    ['PutObject:SlowDown:colour=red', /colour/],
  ])('refuse the text %j', (fault, why) => {
    expect(() => sandbox.addFault(fault)).toThrow(why);
  });
});

describe('the control path', () => {
  it('adds, lists and removes faults, and shows the requests', async () => {
    const at = `${sandbox.endpoint}/_sandbox`;
    const added = await fetch(`${at}/faults`, { method: 'POST', body: 'GetObject:SlowDown:times=1' });
    expect(added.status).toBe(201);
    const { id } = (await added.json()) as { id: number };
    expect(await refusal(text('f'))).toEqual(['SlowDown', 503]);
    expect(await (await fetch(`${at}/faults`)).json()).toEqual({
      faults: [{ id, fault: 'GetObject:SlowDown:times=1', hits: 1 }],
    });
    expect((await fetch(`${at}/faults/${id}`, { method: 'DELETE' })).status).toBe(200);
    expect(sandbox.faults()).toEqual([]);
    expect(await (await fetch(`${at}/requests`)).json()).toMatchObject({
      requests: [{ operation: 'GetObject', status: 503 }],
    });
    expect((await fetch(`${at}/faults`, { method: 'POST', body: 'nonsense' })).status).toBe(400);
  });

  it('refuses a page of a browser', async () => {
    const response = await fetch(`${sandbox.endpoint}/_sandbox/faults`, { headers: { origin: 'http://evil.example' } });
    expect(response.status).toBe(403);
  });
});
