import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import type { StoreTraits } from './describe-store.ts';
import type { TestStore } from './test-store.ts';

const MIB = 1024 * 1024;

/** What requests say beyond their operation, and what a store makes of it. */
export function describeAccessHeaders(store: TestStore, traits: StoreTraits): void {
  const url = (key: string): string => `s3://${store.bucket}/${key}`;

  it('stores the headers about the content, of a small object and of one in parts', async () => {
    await using program = await Program.create(store.env);
    await writeFile(program.path('small'), 'x');
    await writeFile(program.path('large'), randomBytes(6 * MIB));
    const flags = ['--content-encoding=gzip', '--content-disposition=inline; filename="a b"', '--content-language=de'];
    for (const name of ['small', 'large']) {
      const argv = ['put', ...flags, '--expires=2030-01-01', '--part-size=5MiB', name, url(`headers/${name}`)];
      const put = await program.run(argv);
      expect([put.status, put.stderr]).toEqual([0, '']);
      const head = await store.s3.send(new HeadObjectCommand({ Bucket: store.bucket, Key: `headers/${name}` }));
      expect(head).toMatchObject({
        ContentEncoding: 'gzip',
        ContentDisposition: 'inline; filename="a b"',
        ContentLanguage: 'de',
        ExpiresString: 'Tue, 01 Jan 2030 00:00:00 GMT',
      });
    }
  });

  it('needs no checksum headers, and minds no agreement to pay', async () => {
    await using program = await Program.create({
      ...store.env,
      AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required',
      AWS_RESPONSE_CHECKSUM_VALIDATION: 'when_required',
      BREAKWATER_REQUEST_PAYER: 'requester',
    });
    const body = randomBytes(11 * MIB);
    await writeFile(program.path('file'), body);
    expect((await program.run(['put', '--part-size=5MiB', 'file', url('bare/parts')])).status).toBe(0);
    expect((await program.run(['put', '-', url('bare/small')], { input: 'x' })).status).toBe(0);
    expect((await program.run(['get', url('bare/parts'), 'copy'])).status).toBe(0);
    expect((await readFile(program.path('copy'))).equals(body)).toBe(true);
    const swept = await program.run(['sweep', url('bare/'), '--older-than=0', '--yes', '--json']);
    expect(readDocument(swept)).toMatchObject({ deleted: 2, failed: 0 });
  });

  it('uses a key of the user, or says that the store does not', async () => {
    await using program = await Program.create({ ...store.env, BREAKWATER_SSE_CUSTOMER_KEY_FILE: 'key' });
    const body = randomBytes(6 * MIB);
    await writeFile(program.path('file'), body);
    await writeFile(program.path('key'), randomBytes(32));
    const put = await program.run(['put', '--json', '--part-size=5MiB', 'file', url('sse')]);
    if (!traits.hasCustomerKeys) {
      expect([put.status, readDocument(put).error?.['reason']]).toEqual([78, 'key_ignored']);
      return;
    }
    expect(put.status).toBe(0);
    expect((await program.run(['get', '--part-size=1MiB', url('sse'), 'copy'])).status).toBe(0);
    expect((await readFile(program.path('copy'))).equals(body)).toBe(true);
    const env = { BREAKWATER_SSE_CUSTOMER_KEY_FILE: undefined };
    expect((await program.run(['get', url('sse'), 'none'], { env })).status).toBe(76);
  });

  it.runIf(traits.hasTenants)('reaches a bucket by its tenant, here the one without a name', async () => {
    await using program = await Program.create(store.env);
    expect((await program.run(['put', '-', `s3://:${store.bucket}/tenant`], { input: 'x' })).status).toBe(0);
    expect((await program.run(['get', `s3://:${store.bucket}/tenant`, '-'])).text).toBe('x');
    expect((await store.read('tenant')).toString()).toBe('x');
  });
}
