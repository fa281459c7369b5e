import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { Program, readDocument, type Ended } from '../support/program.ts';
import type { StoreTraits } from './describe-store.ts';
import type { TestStore } from './test-store.ts';

const ODD_KEYS = ['a b', 'a+b', '100%', '%41', 'é', 'a&b', '<a>', 'deep/er/ +%'];

/** Objects, versions and unfinished uploads that are old. */
export function describeSweep(store: TestStore, traits: StoreTraits): void {
  const remove = async (bucket: string, Key: string): Promise<void> =>
    void (await store.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key })));

  /** Of a whole bucket, for whatever has an age. */
  async function sweep(program: Program, bucket: string, ...flags: readonly string[]): Promise<Ended> {
    await store.waitForAge();
    const argv = ['sweep', `s3://${bucket}/`, '--all', '--yes', '--json', '--strict', ...flags];
    const ended = await program.run(argv);
    expect([ended.status, ended.stderr], ended.text).toEqual([0, '']);
    return ended;
  }

  it('deletes objects, in whatever dialect the store takes, and leaves what lies outside', async () => {
    await using program = await Program.create(store.env);
    const names = ['bell\u0007', 'cr\r', 'lf\n', `a&b<c>'"`, ...ODD_KEYS];
    for (const name of names) await store.put(`old/${name}`, 'x');
    await store.put('older', 'x');
    await store.waitForAge();
    const argv = ['sweep', `s3://${store.bucket}/old/`, '--older-than', '1ms', '--yes', '--json', '--verbose'];
    const swept = await program.run(argv);
    const count = names.length;
    expect(readDocument(swept)).toMatchObject({
      complete: true,
      matched: count,
      deleted: count,
      changed: 0,
      failed: 0,
    });
    expect(swept.stderr).toContain(`debug: s3://${store.bucket}: deletes`);
    expect(await store.listKeys('old')).toEqual(['older']);
  });

  it('deletes the keys of a list, each looked at first', async () => {
    await using program = await Program.create(store.env);
    for (const name of ODD_KEYS) await store.put(`named/${name}`, 'x');
    await store.put('named/kept', 'x');
    await store.waitForAge();
    const input = [...ODD_KEYS, 'missing'].map((name) => `named/${name}\n`).join('');
    const argv = ['sweep', `s3://${store.bucket}/named/`, '--keys-from', '-', '--older-than', '1ms', '--yes', '--json'];
    const swept = await program.run(argv, { input });
    const count = ODD_KEYS.length;
    expect(readDocument(swept)).toMatchObject({ complete: true, matched: count, deleted: count, failed: 0 });
    expect(await store.listKeys('named/')).toEqual(['named/kept']);
  });

  it('deletes noncurrent versions, and a delete marker only once nothing is left behind it', async () => {
    await using program = await Program.create(store.env);
    await using bucket = await store.createBucket();
    await store.setVersioning(bucket.name, 'Enabled');
    for (const key of ODD_KEYS) {
      await store.put(key, 'old', bucket.name);
      await store.put(key, 'current', bucket.name);
      await store.put(`deleted ${key}`, 'x', bucket.name);
      await remove(bucket.name, `deleted ${key}`);
    }
    const count = ODD_KEYS.length;
    const first = await sweep(program, bucket.name, '--versions', '--older-than', '1ms');
    expect(readDocument(first)).toMatchObject({ complete: true, matched: 2 * count, deleted: 2 * count, failed: 0 });
    const left = [...ODD_KEYS, ...ODD_KEYS.map((key) => `-deleted ${key}`)];
    expect((await store.listVersions(bucket.name)).toSorted()).toEqual(left.toSorted());
    const second = await sweep(program, bucket.name, '--versions', '--older-than', '1ms');
    expect(readDocument(second)).toMatchObject({ complete: true, matched: count, deleted: count, failed: 0 });
    expect((await store.listVersions(bucket.name)).toSorted()).toEqual(ODD_KEYS.toSorted());
    for (const key of ODD_KEYS) expect((await store.read(key, bucket.name)).toString()).toBe('current');
  });

  it('deletes versions named null, behind a current version and behind a delete marker', async () => {
    await using program = await Program.create(store.env);
    await using bucket = await store.createBucket();
    await store.put('replaced', 'null', bucket.name);
    await store.put('alone', 'null', bucket.name);
    await store.setVersioning(bucket.name, 'Enabled');
    await store.put('replaced', 'current', bucket.name);
    await store.put('suspended', 'old', bucket.name);
    await store.put('deleted', 'old', bucket.name);
    await store.setVersioning(bucket.name, 'Suspended');
    await store.put('suspended', 'null', bucket.name);
    // Leaves a marker that is named null, or nothing.
    await remove(bucket.name, 'deleted');
    const argv = ['sweep', `s3://${bucket.name}/`, '--all', '--yes', '--json', '--versions', '--older-than', '1ms'];
    await store.waitForAge();
    const first = await program.run(argv);
    // Without a marker, no version of `deleted` is the current one: all are kept.
    const kept = traits.hasNullMarkers ? 0 : 1;
    expect([first.status, readDocument(first)]).toMatchObject([
      0,
      { complete: true, matched: 3, deleted: 3 - kept, changed: 0, failed: kept },
    ]);
    const current = ['alone', 'replaced', 'suspended'];
    const markers = traits.hasNullMarkers ? ['-deleted'] : ['deleted'];
    expect((await store.listVersions(bucket.name)).toSorted()).toEqual([...markers, ...current].toSorted());
    if (kept === 1) {
      expect(readDocument(first)['failures']).toMatchObject([{ key: 'deleted', code: 'current_unknown' }]);
      return;
    }
    const second = await sweep(program, bucket.name, '--versions', '--older-than', '1ms');
    const count = markers.length;
    expect(readDocument(second)).toMatchObject({ complete: true, matched: count, deleted: count, failed: 0 });
    expect((await store.listVersions(bucket.name)).toSorted()).toEqual(current);
    for (const [key, body] of Object.entries({ alone: 'null', replaced: 'current', suspended: 'null' })) {
      expect((await store.read(key, bucket.name)).toString()).toBe(body);
    }
  });

  it('hides current objects of a versioned bucket behind markers', async () => {
    await using program = await Program.create(store.env);
    await using bucket = await store.createBucket();
    await store.setVersioning(bucket.name, 'Enabled');
    for (const key of ODD_KEYS) await store.put(key, 'x', bucket.name);
    const swept = await sweep(program, bucket.name, '--older-than', '1ms');
    const count = ODD_KEYS.length;
    expect(readDocument(swept)).toMatchObject({ complete: true, matched: count, deleted: count, failed: 0 });
    expect(await store.listKeys('', bucket.name)).toEqual([]);
    expect((await store.listVersions(bucket.name)).toSorted()).toEqual(
      ODD_KEYS.flatMap((key) => [key, `-${key}`]).toSorted(),
    );
  });

  it('aborts uploads of odd names, and leaves those outside and the objects', async () => {
    await using program = await Program.create(store.env);
    await using bucket = await store.createBucket();
    for (const name of ODD_KEYS) {
      const place = { Bucket: bucket.name, Key: `begun/${name}` };
      const { UploadId } = await store.s3.send(new CreateMultipartUploadCommand(place));
      await store.s3.send(new UploadPartCommand({ ...place, UploadId, PartNumber: 1, Body: 'a part' }));
    }
    // Two of one key, and one elsewhere.
    await store.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: 'begun/a b' }));
    await store.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: 'other' }));
    await store.s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: 'begun/a b', Body: 'x' }));
    await store.waitForAge();
    const argv = ['sweep', `s3://${bucket.name}/begun/`, '--abort-uploads', '1ms', '--yes', '--json', '--strict'];
    const swept = await program.run(argv);
    expect([swept.status, swept.stderr]).toEqual([0, '']);
    const count = ODD_KEYS.length + 1;
    expect(readDocument(swept)['uploads']).toMatchObject({ matched: count, aborted: count, failed: 0 });
    expect((await store.listUploads('', bucket.name)).map(({ Key }) => Key)).toEqual(['other']);
    expect(await store.listKeys('', bucket.name)).toEqual(['begun/a b']);
  });
}
