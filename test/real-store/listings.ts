import { CreateMultipartUploadCommand, DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import type { Guard } from '../../src/guard/guard.ts';
import { listObjects } from '../../src/s3/list/list-objects.ts';
import { listUploads } from '../../src/s3/list/list-uploads.ts';
import { listVersions } from '../../src/s3/list/list-versions.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import type { TestStore } from './test-store.ts';

/** Those that come back from a listing encoded, and in its markers sometimes not. */
const KEYS = ['a b', 'a%41', 'a&b', 'a+b', 'a100%', 'aé', 'a😀', 'b/c d+e%'];
const BY_BYTES = KEYS.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** Listings of more than one page: the program takes pages of 1,000, the tests make them as small as they like. */
export function describeListings(store: TestStore): void {
  it.each([1, 2, 3])('lists objects of odd names in pages of %i', async (size) => {
    await using bucket = await store.createBucket();
    await Promise.all(KEYS.map((key) => store.put(key, 'x', bucket.name)));
    await inPagesOf(size, store, async (s3, guard) => {
      const found: string[] = [];
      for await (const { objects } of listObjects(s3, guard, { bucket: bucket.name, prefix: '' })) {
        found.push(...objects.map(({ key }) => key));
      }
      expect(found).toEqual(BY_BYTES);
    });
  });

  it.each([1, 2, 3])('lists every version of odd names in pages of %i', async (size) => {
    await using bucket = await store.createBucket();
    await store.setVersioning(bucket.name, 'Enabled');
    for (const body of ['1', '2', '3']) await Promise.all(KEYS.map((key) => store.put(key, body, bucket.name)));
    await Promise.all(KEYS.map((Key) => store.s3.send(new DeleteObjectCommand({ Bucket: bucket.name, Key }))));
    await inPagesOf(size, store, async (s3, guard) => {
      const found: string[] = [];
      for await (const { versions } of listVersions(s3, guard, { bucket: bucket.name, prefix: '' })) {
        found.push(...versions.map(({ key, isDeleteMarker }) => `${isDeleteMarker ? '-' : ''}${key}`));
      }
      expect(found.toSorted()).toEqual(KEYS.flatMap((key) => [`-${key}`, key, key, key]).toSorted());
    });
  });

  // Swift names no marker in pages of one upload.
  it.each([2, 3])('lists unfinished uploads of odd names in pages of %i', async (size) => {
    await using bucket = await store.createBucket();
    for (const Key of [...KEYS, ...KEYS]) {
      await store.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key }));
    }
    await inPagesOf(size, store, async (s3, guard) => {
      const found: string[] = [];
      for await (const { uploads } of listUploads(s3, guard, { bucket: bucket.name, prefix: '' })) {
        found.push(...uploads.map(({ key }) => key));
      }
      expect(found.toSorted()).toEqual([...KEYS, ...KEYS].toSorted());
    });
  });
}

/** Asks for pages of this size in every listing of this client. No retries: their waits would be on virtual time. */
async function inPagesOf(
  size: number,
  store: TestStore,
  list: (s3: S3Client, guard: Guard) => Promise<void>,
): Promise<void> {
  const s3 = store.connect();
  s3.middlewareStack.add(
    (next) => async (args) => await next({ ...args, input: { ...args.input, MaxKeys: size, MaxUploads: size } }),
    { step: 'initialize' },
  );
  const { guard } = createFakeGuard({ settings: { retry: { retries: 0, baseMs: 0, jitter: 'none' } } });
  try {
    await list(s3, guard);
  } finally {
    s3.destroy();
  }
}
