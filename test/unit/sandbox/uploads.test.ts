import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type CompletedPart,
  type CreateMultipartUploadCommandInput,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.ts';

/** Uploads in parts, and objects made of them, as the SDK sees them. */
let sandbox: TestSandbox;
let s3: S3Client;
let Bucket: string;
const MIB = 1024 * 1024;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  const { endpoint, region, accessKeyId, secretAccessKey } = sandbox;
  const credentials = { accessKeyId, secretAccessKey };
  s3 = new S3Client({ endpoint, region, forcePathStyle: true, maxAttempts: 1, credentials });
});
afterAll(async () => {
  s3.destroy();
  await sandbox[Symbol.asyncDispose]();
});
beforeEach(async () => {
  Bucket = `uploads-${randomBytes(6).toString('hex')}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
});

async function begin(Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}): Promise<string> {
  const { UploadId = '' } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }));
  return UploadId;
}

async function codeOf(sent: Promise<unknown>): Promise<readonly unknown[]> {
  const error = await sent.then(
    () => new Error('it did not fail'),
    (failure: Error & { $metadata?: { httpStatusCode?: number } }) => failure,
  );
  return [error.name, '$metadata' in error ? error.$metadata?.httpStatusCode : undefined];
}

const crc = (...bodies: Buffer[]): string => {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(Buffer.concat(bodies)));
  return sum.toString('base64');
};

const BODIES = [Buffer.alloc(5 * MIB, 'a'), Buffer.alloc(5 * MIB, 'b'), Buffer.from('the end')] as const;

/** Sends the three bodies as parts 1 to 3, with their CRC32. */
async function sendParts(Key: string, UploadId: string): Promise<CompletedPart[]> {
  const parts: CompletedPart[] = [];
  for (const [index, Body] of BODIES.entries()) {
    const PartNumber = index + 1;
    const part = { Bucket, Key, UploadId, PartNumber, Body, ChecksumAlgorithm: 'CRC32' } as const;
    const { ETag, ChecksumCRC32 } = await s3.send(new UploadPartCommand(part));
    parts.push({ PartNumber, ETag, ChecksumCRC32 });
  }
  return parts;
}

describe('listings of uploads', () => {
  async function listAll(query: object): Promise<readonly (readonly [string | undefined, string | undefined])[]> {
    const found: (readonly [string | undefined, string | undefined])[] = [];
    let markers: object = {};
    for (let pages = 0; pages < 20; pages += 1) {
      const page = await s3.send(new ListMultipartUploadsCommand({ Bucket, ...query, ...markers }));
      found.push(...(page.Uploads ?? []).map(({ Key, UploadId }) => [Key, UploadId] as const));
      if (page.IsTruncated !== true) return found;
      markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    }
    throw new Error('the listing does not end');
  }

  it.each([1, 2, 1000])('come in pages of %i: by key in bytes, then by age', async (MaxUploads) => {
    const begun: (readonly [string, string])[] = [];
    for (const key of ['a/1', 'b', 'b', 'b', '\ufb01', '\u{1f600}']) {
      begun.push([key, await begin(key)]);
    }
    expect(await listAll({ MaxUploads })).toEqual(begun);
    expect(await listAll({ MaxUploads, Prefix: 'b' })).toEqual(begun.slice(1, 4));
  });

  it('skip the key of the marker, except its uploads after the id', async () => {
    const ids = [await begin('k'), await begin('k'), await begin('l')];
    const list = async (markers: object) =>
      (await s3.send(new ListMultipartUploadsCommand({ Bucket, ...markers }))).Uploads?.map(({ Key }) => Key);
    expect(await list({ KeyMarker: 'k' })).toEqual(['l']);
    expect(await list({ KeyMarker: 'k', UploadIdMarker: ids[0] })).toEqual(['k', 'l']);
    expect(await list({ UploadIdMarker: ids[2] })).toEqual(['k', 'k', 'l']);
  });

  it('continue after an upload that has been aborted in the meantime', async () => {
    const begun = [await begin('k'), await begin('k'), await begin('k')];
    const first = await s3.send(new ListMultipartUploadsCommand({ Bucket, MaxUploads: 1 }));
    const { NextKeyMarker: KeyMarker = '', NextUploadIdMarker: UploadIdMarker } = first;
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: KeyMarker, UploadId: UploadIdMarker }));
    const rest = await s3.send(new ListMultipartUploadsCommand({ Bucket, KeyMarker, UploadIdMarker }));
    expect(rest.Uploads?.map(({ UploadId }) => UploadId)).toEqual(begun.slice(1));
  });

  it('include start time and expected checksum', async () => {
    await begin('k', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    expect(Uploads).toMatchObject([{ ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' }]);
    expect(Math.abs((Uploads[0]?.Initiated?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
  });
});

describe('listings of parts', () => {
  it('come in pages, with size, ETag and checksum', async () => {
    const UploadId = await begin('k', { ChecksumAlgorithm: 'CRC32' });
    const parts = await sendParts('k', UploadId);
    const list = async (more: object) => await s3.send(new ListPartsCommand({ Bucket, Key: 'k', UploadId, ...more }));
    const first = await list({ MaxParts: 2 });
    expect(first).toMatchObject({
      IsTruncated: true,
      NextPartNumberMarker: '2',
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'COMPOSITE',
    });
    const second = await list({ MaxParts: 2, PartNumberMarker: first.NextPartNumberMarker });
    expect([second.IsTruncated, second.PartNumberMarker]).toEqual([false, '2']);
    expect([...(first.Parts ?? []), ...(second.Parts ?? [])]).toMatchObject(
      parts.map((part, index) => ({ ...part, Size: BODIES[index]?.length })),
    );
    expect(await codeOf(list({ PartNumberMarker: 'x' }))).toEqual(['InvalidArgument', 400]);
  });
});

describe('an object of several parts', () => {
  async function upload(ChecksumType: 'COMPOSITE' | 'FULL_OBJECT') {
    const UploadId = await begin('k', { ChecksumAlgorithm: 'CRC32', ChecksumType });
    const Parts = await sendParts('k', UploadId);
    const complete = async (more: object = {}) =>
      await s3.send(
        new CompleteMultipartUploadCommand({ Bucket, Key: 'k', UploadId, MultipartUpload: { Parts }, ...more }),
      );
    return { Parts, complete };
  }

  it('has the checksum of its parts or of the whole, as announced', async () => {
    const composite = await upload('COMPOSITE');
    const sums = composite.Parts.map(({ ChecksumCRC32 = '' }) => Buffer.from(ChecksumCRC32, 'base64'));
    const expected = { ChecksumCRC32: `${crc(...sums)}-3`, ChecksumType: 'COMPOSITE' };
    expect(await composite.complete()).toMatchObject(expected);
    const head = new HeadObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' });
    expect(await s3.send(head)).toMatchObject(expected);
    const whole = { ChecksumCRC32: crc(...BODIES), ChecksumType: 'FULL_OBJECT' };
    expect(await (await upload('FULL_OBJECT')).complete()).toMatchObject(whole);
    expect(await s3.send(head)).toMatchObject(whole);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).ChecksumCRC32).toBeUndefined();
  });

  it('is refused if it differs from the request', async () => {
    const { Parts, complete } = await upload('FULL_OBJECT');
    const [, ...behind] = Parts;
    const swapped = [{ ...Parts[0], ChecksumCRC32: 'AAAAAA==' }, ...behind];
    expect(await codeOf(complete({ MultipartUpload: { Parts: swapped } }))).toEqual(['InvalidPart', 400]);
    expect(await codeOf(complete({ ChecksumCRC32: 'AAAAAA==' }))).toEqual(['BadDigest', 400]);
    expect(await codeOf(complete({ MpuObjectSize: 5 }))).toEqual(['InvalidRequest', 400]);
    expect(sandbox.keys(Bucket)).toEqual([]);
    await complete({ ChecksumCRC32: crc(...BODIES), MpuObjectSize: 10 * MIB + 7 });
    expect(sandbox.keys(Bucket)).toEqual(['k']);
  });

  it('is refused if it has a composite checksum and the request omits one of a part', async () => {
    const { Parts, complete } = await upload('COMPOSITE');
    const bare = Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
    expect(await codeOf(complete({ MultipartUpload: { Parts: bare } }))).toEqual(['InvalidRequest', 400]);
  });

  it('is read by part number', async () => {
    const { complete } = await upload('COMPOSITE');
    await complete();
    const read = async (PartNumber: number, more: object = {}) =>
      await s3.send(new GetObjectCommand({ Bucket, Key: 'k', PartNumber, ChecksumMode: 'ENABLED', ...more }));
    const { Body, ...last } = await read(3);
    expect(await Body?.transformToString()).toBe('the end');
    const size = 10 * MIB + 7;
    expect(last).toMatchObject({
      PartsCount: 3,
      ContentLength: 7,
      ContentRange: `bytes ${10 * MIB}-${size - 1}/${size}`,
      ChecksumCRC32: crc(BODIES[2]),
    });
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'k', PartNumber: 1 }));
    expect([head.PartsCount, head.ContentLength, head.ChecksumCRC32]).toEqual([3, 5 * MIB, undefined]);
    expect(await codeOf(read(4))).toEqual(['InvalidPartNumber', 416]);
    expect(await codeOf(read(1, { Range: 'bytes=0-1' }))).toEqual(['InvalidRequest', 400]);
  });

  it('has one part after a copy, and the ETag and checksum of its bytes', async () => {
    const { complete } = await upload('COMPOSITE');
    await complete();
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` }));
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'copy', ChecksumMode: 'ENABLED' }));
    expect(head.ETag).toMatch(/^"[0-9a-f]{32}"$/);
    expect([head.ChecksumCRC32, head.ChecksumType]).toEqual([crc(...BODIES), 'FULL_OBJECT']);
    expect(await codeOf(s3.send(new CopyObjectCommand({ Bucket, Key: 'k', CopySource: `${Bucket}/k` })))).toEqual([
      'InvalidRequest',
      400,
    ]);
  });
});

describe('an object that was uploaded whole', () => {
  it('has part 1 only', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'whole' }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: '' }));
    const { Body, PartsCount } = await s3.send(new GetObjectCommand({ Bucket, Key: 'k', PartNumber: 1 }));
    expect([await Body?.transformToString(), PartsCount]).toEqual(['whole', undefined]);
    const empty = await s3.send(new GetObjectCommand({ Bucket, Key: 'empty', PartNumber: 1 }));
    expect(await empty.Body?.transformToString()).toBe('');
    expect(await codeOf(s3.send(new GetObjectCommand({ Bucket, Key: 'k', PartNumber: 2 })))).toEqual([
      'InvalidPartNumber',
      416,
    ]);
  });

  it('has its checksum only with a range that covers all of it', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'whole', ChecksumAlgorithm: 'CRC32' }));
    const read = async (Range: string) => {
      const { Body, ChecksumCRC32 } = await s3.send(
        new GetObjectCommand({ Bucket, Key: 'k', Range, ChecksumMode: 'ENABLED' }),
      );
      return [await Body?.transformToString(), ChecksumCRC32];
    };
    expect(await read('bytes=0-4')).toEqual(['whole', crc(Buffer.from('whole'))]);
    expect(await read('bytes=0-3')).toEqual(['whol', undefined]);
  });

  it('has no attributes request: 501', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '' }));
    const attributes = new GetObjectAttributesCommand({ Bucket, Key: 'k', ObjectAttributes: ['ETag'] });
    expect(await codeOf(s3.send(attributes))).toEqual(['NotImplemented', 501]);
  });
});
