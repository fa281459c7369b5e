import { randomBytes } from 'node:crypto';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  type ListObjectVersionsCommandOutput,
  type ObjectIdentifier,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.ts';

/**
 * Versions as the SDK sees them. With BREAKWATER_TEST_CEPH_ENDPOINT the same tests run against Ceph, so that the
 * sandbox is not held to our own reading alone.
 */
const endpoint = process.env['BREAKWATER_TEST_CEPH_ENDPOINT'];
/** What Amazon's S3 does and documents, and Ceph 16 does otherwise. */
const itAsAmazon = it.skipIf(endpoint !== undefined);
let sandbox: TestSandbox;
let s3: S3Client;
let Bucket: string;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  s3 = new S3Client({
    endpoint: endpoint ?? sandbox.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: {
      accessKeyId: process.env['BREAKWATER_TEST_CEPH_ACCESS_KEY_ID'] ?? sandbox.accessKeyId,
      secretAccessKey: process.env['BREAKWATER_TEST_CEPH_SECRET_ACCESS_KEY'] ?? sandbox.secretAccessKey,
    },
  });
});
afterAll(async () => {
  s3.destroy();
  await sandbox[Symbol.asyncDispose]();
});
beforeEach(async () => {
  Bucket = `met-versions-${randomBytes(6).toString('hex')}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
});

const setVersioning = async (Status: 'Enabled' | 'Suspended') =>
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
const put = async (Key: string, Body: string) => await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
const remove = async (Key: string, VersionId?: string) =>
  await s3.send(new DeleteObjectCommand({ Bucket, Key, ...(VersionId === undefined ? {} : { VersionId }) }));
const removeAll = async (Objects: ObjectIdentifier[], Quiet = false) =>
  await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet } }));
const list = async (query: object = {}) => await s3.send(new ListObjectVersionsCommand({ Bucket, ...query }));

async function read(Key: string, VersionId?: string): Promise<string> {
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket, Key, ...(VersionId === undefined ? {} : { VersionId }) }),
  );
  return (await Body?.transformToString()) ?? '';
}

/** Each version as key, id and whether it is the latest; delete markers with a minus in front. */
function summarize({ Versions = [], DeleteMarkers = [] }: ListObjectVersionsCommandOutput): readonly unknown[] {
  return [
    ...Versions.map(({ Key, VersionId, IsLatest }) => [Key, VersionId, IsLatest]),
    ...DeleteMarkers.map(({ Key, VersionId, IsLatest }) => [`-${Key}`, VersionId, IsLatest]),
  ];
}

interface Refused {
  readonly name: string;
  readonly $metadata: { readonly httpStatusCode: number };
  readonly $response: { readonly headers: Record<string, string> };
}

async function refused(sent: Promise<unknown>): Promise<Refused> {
  return (await sent.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error,
  )) as Refused;
}

const codeOf = async (sent: Promise<unknown>) => {
  const { name, $metadata } = await refused(sent);
  return [name, $metadata.httpStatusCode];
};

describe('an unversioned bucket', () => {
  it('sends no version headers, and has only the null version of each object', async () => {
    const written = await put('k', 'one');
    await put('k', 'two');
    expect(written.VersionId).toBeUndefined();
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined();
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).VersionId).toBeUndefined();
    expect(summarize(await list())).toEqual([['k', 'null', true]]);
    expect(await read('k', 'null')).toBe('two');
    const deleted = await remove('k');
    expect([deleted.DeleteMarker, deleted.VersionId]).toEqual([undefined, undefined]);
    expect(summarize(await list())).toEqual([]);
  });

  itAsAmazon('refuses the id of a version that it cannot have', async () => {
    await put('k', 'one');
    expect(await codeOf(read('k', 'f'.repeat(32)))).toEqual(['InvalidArgument', 400]);
    expect((await removeAll([{ Key: 'k', VersionId: 'f'.repeat(32) }])).Errors).toMatchObject([
      { Key: 'k', Code: 'NoSuchVersion', VersionId: 'f'.repeat(32) },
    ]);
    expect(await read('k')).toBe('one');
  });
});

describe('a versioned bucket', () => {
  beforeEach(async () => {
    await setVersioning('Enabled');
  });

  it('reports its versioning', async () => {
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled');
  });

  it('gives each write an id, and reads the latest version or a requested one', async () => {
    const first = await put('k', 'one');
    const second = await put('k', 'two');
    expect(first.VersionId).toMatch(/^\S{16,}$/);
    expect(second.VersionId).not.toBe(first.VersionId);
    expect(await read('k')).toBe('two');
    expect(await read('k', first.VersionId)).toBe('one');
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'k', VersionId: first.VersionId }));
    expect([head.VersionId, head.ETag]).toEqual([first.VersionId, first.ETag]);
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).VersionId).toBe(second.VersionId);
    expect(summarize(await list())).toEqual([
      ['k', second.VersionId, true],
      ['k', first.VersionId, false],
    ]);
  });

  it('lists an object with several versions once', async () => {
    await put('k', 'one');
    await put('k', 'two');
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents.map(({ Key, Size }) => [Key, Size])).toEqual([['k', 3]]);
  });

  it('gives a version id to an object that was uploaded in parts', async () => {
    const body = Buffer.alloc(6 * 1024 * 1024, 'q');
    await put('k', 'before');
    const params = { Bucket, Key: 'k', Body: body };
    const { VersionId } = await new Upload({ client: s3, params, partSize: 5 * 1024 * 1024 }).done();
    const [latest] = (await list()).Versions ?? [];
    expect([latest?.VersionId, latest?.Size, latest?.IsLatest]).toEqual([VersionId ?? 'none', body.length, true]);
  });

  it('adds a delete marker for a delete; reads then fail', async () => {
    const { VersionId } = await put('k', 'one');
    const deleted = await remove('k');
    expect(deleted.DeleteMarker).toBe(true);
    const marker = deleted.VersionId ?? '';
    expect(summarize(await list())).toEqual([
      ['k', VersionId, false],
      ['-k', marker, true],
    ]);
    expect(await codeOf(read('k'))).toEqual(['NoSuchKey', 404]);
    const headed = await refused(s3.send(new HeadObjectCommand({ Bucket, Key: 'k' })));
    expect(headed.$metadata.httpStatusCode).toBe(404);
    expect((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
    expect(await read('k', VersionId)).toBe('one');
  });

  itAsAmazon('names the delete marker that a read has met', async () => {
    await put('k', 'one');
    const { VersionId } = await remove('k');
    const { $response } = await refused(read('k'));
    expect($response.headers).toMatchObject({ 'x-amz-delete-marker': 'true', 'x-amz-version-id': VersionId });
  });

  itAsAmazon('refuses to read a delete marker by its id', async () => {
    await put('k', 'one');
    const { VersionId = '' } = await remove('k');
    const { $metadata, $response } = await refused(read('k', VersionId));
    expect($metadata.httpStatusCode).toBe(405);
    expect($response.headers['x-amz-delete-marker']).toBe('true');
  });

  it('adds a marker even for a missing key', async () => {
    const { DeleteMarker, VersionId } = await remove('never');
    expect(DeleteMarker).toBe(true);
    expect(summarize(await list())).toEqual([['-never', VersionId, true]]);
  });

  it('deletes one version permanently; without its marker an object is back', async () => {
    const first = await put('k', 'one');
    const second = await put('k', 'two');
    const marker = await remove('k');
    const gone = await remove('k', second.VersionId);
    expect([gone.DeleteMarker, gone.VersionId]).toEqual([undefined, second.VersionId]);
    const undone = await remove('k', marker.VersionId);
    expect([undone.DeleteMarker, undone.VersionId]).toEqual([true, marker.VersionId]);
    expect(await read('k')).toBe('one');
    await remove('k', second.VersionId);
    expect(summarize(await list())).toEqual([['k', first.VersionId, true]]);
  });

  it('answers for every version of a batch', async () => {
    const first = await put('a', 'one');
    await put('b', 'two');
    const old = await remove('c');
    const { Deleted = [], Errors } = await removeAll([
      { Key: 'a', VersionId: first.VersionId },
      { Key: 'b' },
      { Key: 'c', VersionId: old.VersionId },
    ]);
    expect(Errors).toBeUndefined();
    const byKey = Object.fromEntries(Deleted.map((entry) => [entry.Key, entry]));
    expect(byKey['a']).toEqual({ Key: 'a', VersionId: first.VersionId });
    expect(byKey['b']).toMatchObject({ Key: 'b', DeleteMarker: true });
    expect(byKey['b']?.VersionId).toBeUndefined();
    expect(byKey['c']).toMatchObject({ Key: 'c', VersionId: old.VersionId, DeleteMarker: true });
    expect(summarize(await list())).toMatchObject([
      ['b', expect.any(String), false],
      ['-b', byKey['b']?.DeleteMarkerVersionId, true],
    ]);
    expect((await removeAll([{ Key: 'a' }], true)).Deleted).toBeUndefined();
  });

  itAsAmazon('fails the version of a batch whose id is none, and says which', async () => {
    await put('a', 'one');
    const { Errors } = await removeAll([{ Key: 'a', VersionId: 'nonsense' }]);
    expect(Errors).toMatchObject([{ Key: 'a', VersionId: 'nonsense', Code: 'NoSuchVersion' }]);
    expect(await codeOf(remove('a', 'nonsense'))).toEqual(['InvalidArgument', 400]);
    expect(await codeOf(read('a', 'nonsense'))).toEqual(['InvalidArgument', 400]);
    expect(await codeOf(read('a', '0'.repeat(32)))).toEqual(['NoSuchVersion', 404]);
  });

  it('cannot be deleted while a version or a marker is left', async () => {
    const { VersionId } = await put('k', 'one');
    const marker = await remove('k');
    expect(await codeOf(s3.send(new DeleteBucketCommand({ Bucket })))).toEqual(['BucketNotEmpty', 409]);
    await remove('k', VersionId);
    expect(await codeOf(s3.send(new DeleteBucketCommand({ Bucket })))).toEqual(['BucketNotEmpty', 409]);
    await remove('k', marker.VersionId);
    await s3.send(new DeleteBucketCommand({ Bucket }));
  });

  itAsAmazon('lets a write that must find nothing go over a delete marker', async () => {
    await put('k', 'one');
    const again = new PutObjectCommand({ Bucket, Key: 'k', Body: 'two', IfNoneMatch: '*' });
    expect(await codeOf(s3.send(again))).toEqual(['PreconditionFailed', 412]);
    await remove('k');
    await s3.send(again);
    expect(await read('k')).toBe('two');
  });

  it('copies a named version to a new version', async () => {
    const first = await put('odd ?versionId=x', 'one');
    await put('odd ?versionId=x', 'two');
    const CopySource = `${Bucket}/${encodeURIComponent('odd ?versionId=x')}`;
    const copied = await s3.send(
      new CopyObjectCommand({ Bucket, Key: 'to', CopySource: `${CopySource}?versionId=${first.VersionId}` }),
    );
    // Ceph's gateway leaves out the quotes here, and only here.
    expect(copied.CopyObjectResult?.ETag?.replaceAll('"', '')).toBe(first.ETag?.replaceAll('"', ''));
    expect(await read('to')).toBe('one');
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource }));
    expect(await read('to')).toBe('two');
    expect((await list({ Prefix: 'to' })).Versions).toHaveLength(2);
  });

  itAsAmazon('says which version was copied, and copies no marker', async () => {
    const first = await put('k', 'one');
    const marker = await remove('k');
    const copy = async (versionId?: string) =>
      await s3.send(
        new CopyObjectCommand({
          Bucket,
          Key: 'to',
          CopySource: `${Bucket}/k${versionId === undefined ? '' : `?versionId=${versionId}`}`,
        }),
      );
    const copied = await copy(first.VersionId);
    expect(copied.CopySourceVersionId).toBe(first.VersionId);
    expect(await read('to', copied.VersionId)).toBe('one');
    expect(await codeOf(copy())).toEqual(['NoSuchKey', 404]);
    expect(await codeOf(copy(marker.VersionId))).toEqual(['InvalidRequest', 400]);
  });
});

describe('a bucket with suspended versioning', () => {
  itAsAmazon('still names the version of what is read, and no longer of what is written', async () => {
    await setVersioning('Suspended');
    expect((await put('k', 'one')).VersionId).toBeUndefined();
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).VersionId).toBe('null');
  });

  it('replaces only the null version, by writes and by deletes', async () => {
    await put('k', 'before');
    await setVersioning('Enabled');
    const kept = await put('k', 'kept');
    await setVersioning('Suspended');
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Suspended');
    await put('k', 'after');
    expect(summarize(await list())).toEqual([
      ['k', 'null', true],
      ['k', kept.VersionId, false],
    ]);
    expect(await read('k', 'null')).toBe('after');
    const deleted = await remove('k');
    expect([deleted.DeleteMarker, deleted.VersionId]).toEqual([true, 'null']);
    expect(summarize(await list())).toEqual([
      ['k', kept.VersionId, false],
      ['-k', 'null', true],
    ]);
    await remove('k', 'null');
    expect(await read('k')).toBe('kept');
  });
});

describe('listings of versions', () => {
  /** Key and body of what each test finds: three versions of `b`, a marker over `a/1`. */
  async function fill(): Promise<readonly string[]> {
    await setVersioning('Enabled');
    for (const [key, body] of [
      ['a/1', 'x'],
      ['a/2', 'x'],
      ['b', '1'],
      ['b', '2'],
      ['b', '3'],
      ['c d', 'x'],
      ['\ufb01', 'x'],
      ['\u{1f600}', 'x'],
    ] as const) {
      await put(key, body);
    }
    await remove('a/1');
    return ['-a/1', 'a/1', 'a/2', 'b', 'b', 'b', 'c d', '\ufb01', '\u{1f600}'];
  }

  /** All pages, every entry as it comes. */
  async function listAll(query: object): Promise<readonly (string | undefined)[]> {
    const found: (string | undefined)[] = [];
    let markers: object = {};
    for (let pages = 0; pages < 50; pages += 1) {
      const page = await list({ ...query, ...markers });
      const entries = [
        ...(page.DeleteMarkers ?? []).map(({ Key }) => `-${Key}`),
        ...(page.Versions ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      ];
      found.push(...entries);
      if (page.IsTruncated !== true) return found;
      expect(entries.length).toBeGreaterThan(0);
      const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
      markers = VersionIdMarker === undefined ? { KeyMarker } : { KeyMarker, VersionIdMarker };
    }
    throw new Error('the listing does not end');
  }

  it.each([1, 2, 4, 1000])('are complete in pages of %i', async (MaxKeys) => {
    const all = await fill();
    expect(await listAll({ MaxKeys })).toEqual(all);
  });

  it('are limited to a prefix', async () => {
    await fill();
    expect(await listAll({ Prefix: 'a/' })).toEqual(['-a/1', 'a/1', 'a/2']);
    expect(await listAll({ Prefix: 'b', MaxKeys: 2 })).toEqual(['b', 'b', 'b']);
    expect(await listAll({ Prefix: 'none' })).toEqual([]);
  });

  itAsAmazon('begin behind a key, with all of its versions left out', async () => {
    await fill();
    expect((await list({ KeyMarker: 'b' })).Versions?.map(({ Key }) => Key)).toEqual(['c d', '\ufb01', '\u{1f600}']);
  });

  itAsAmazon('go on behind a version that has been deleted meanwhile', async () => {
    await fill();
    const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = await list({ Prefix: 'b', MaxKeys: 2 });
    await remove(KeyMarker ?? '', VersionIdMarker);
    const rest = await list({ Prefix: 'b', KeyMarker, VersionIdMarker });
    expect(rest.Versions?.map(({ Key, IsLatest }) => [Key, IsLatest])).toEqual([['b', false]]);
  });

  it('encode odd keys if requested', async () => {
    await fill();
    const page = await list({ EncodingType: 'url', Prefix: 'c ', MaxKeys: 1 });
    expect(page.EncodingType).toBe('url');
    expect(decodeURIComponent((page.Versions?.[0]?.Key ?? '').replaceAll('+', '%20'))).toBe('c d');
  });

  itAsAmazon('group by delimiter', async () => {
    await fill();
    expect(await listAll({ Delimiter: '/', MaxKeys: 1 })).toEqual(['a/', 'b', 'b', 'b', 'c d', '\ufb01', '\u{1f600}']);
  });

  itAsAmazon('refuse the id of a version without a key', async () => {
    expect(await codeOf(list({ VersionIdMarker: 'x' }))).toEqual(['InvalidArgument', 400]);
  });
});

describe('versioning itself', () => {
  itAsAmazon('is refused where it is neither on nor off', async () => {
    const VersioningConfiguration = { Status: 'Perhaps' as 'Enabled' };
    expect(await codeOf(s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration })))).toEqual([
      'IllegalVersioningConfigurationException',
      400,
    ]);
  });
});
