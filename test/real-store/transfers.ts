import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/patience.ts';
import { Program, readDocument } from '../support/program.ts';
import type { StoreTraits } from './describe-store.ts';
import type { TestStore } from './test-store.ts';

const MIB = 1024 * 1024;

/** Bytes there and back: whole, in parts, in ranges, through pipes, and with conditions. */
export function describeTransfers(store: TestStore, traits: StoreTraits): void {
  const url = (key: string): string => `s3://${store.bucket}/${key}`;

  it('puts and gets: small, empty, in parts, from standard input and to standard output', async () => {
    await using program = await Program.create(store.env);
    const bodies: Readonly<Record<string, Buffer>> = {
      empty: Buffer.alloc(0),
      'with space': Buffer.from('a'),
      'grüße+100%': Buffer.from('b'),
      big: randomBytes(17 * MIB),
    };
    await mkdir(program.path('tree'));
    for (const [name, body] of Object.entries(bodies)) await writeFile(program.path('tree', name), body);

    const sent = await program.run(['put', '-r', '--json', 'tree/', url('tree/')]);
    expect([sent.status, sent.stderr]).toEqual([0, '']);
    expect(readDocument(sent)).toMatchObject({ objects: 4, failed: 0 });
    const one = readDocument(await program.run(['put', '--json', 'tree/big', url('tree/one')]));
    expect(one['etag']).toMatch(/^"?[0-9a-f]{32}-\d"?$/);
    expect((await program.run(['put', '-', url('tree/piped')], { input: bodies['big']! })).status).toBe(0);
    expect((await store.read('tree/one')).equals(bodies['big']!)).toBe(true);

    const got = await program.run(['get', '-r', url('tree/'), 'back']);
    expect([got.status, got.stderr]).toEqual([0, '']);
    for (const [name, body] of Object.entries(bodies)) {
      expect((await readFile(program.path('back', name))).equals(body), name).toBe(true);
    }
    for (const [name, body] of Object.entries(bodies)) {
      const piped = await program.run(['get', url(`tree/${name}`), '-']);
      expect([piped.status, piped.stderr, piped.stdout.equals(body)], name).toEqual([0, '', true]);
    }
    expect((await program.run(['get', url('tree/piped'), '-'])).stdout.equals(bodies['big']!)).toBe(true);
    const missing = await program.run(['get', '--json', url('none'), 'none']);
    expect(missing.status).toBe(66);
    expect(readDocument(missing).error).toMatchObject({ code: 'not_found', s3_code: 'NoSuchKey', attempts: 1 });
  });

  it('skips what is here already, and fetches what was stored anew', async () => {
    await using program = await Program.create(store.env);
    for (const name of ['a', 'b', 'c d+%']) await store.put(`again/${name}`, `first ${name}`);
    const argv = ['get', '-r', '--json', url('again/'), 'here'];
    expect(readDocument(await program.run(argv))).toMatchObject({ objects: 3, skipped: 0, failed: 0 });
    expect(readDocument(await program.run(argv))).toMatchObject({ objects: 0, skipped: 3, failed: 0 });
    await store.put('again/b', 'other b');
    expect(readDocument(await program.run(argv))).toMatchObject({ objects: 1, skipped: 2, failed: 0 });
    expect(await readFile(program.path('here', 'b'), 'utf8')).toBe('other b');
  });

  it('fetches anew what was replaced since the listing, and names what is gone', async () => {
    await using program = await Program.create(store.env);
    const large = randomBytes(96 * MIB);
    await store.put('changing/0', large);
    for (const name of ['1 replaced', '2 gone', '3 kept']) await store.put(`changing/${name}`, `listed ${name}`);
    // Only a later time tells a replacement from another object; responses have whole seconds.
    await store.waitForAge();
    const argv = ['get', '-r', '--json', '--concurrency', '1', url('changing/'), 'changing'];
    const { child, ended } = program.start(argv);
    // The listing is done, and the small ones come last.
    await vi.waitFor(async () => expect(await readdir(program.path('changing'))).not.toEqual([]), PATIENCE);
    child.kill('SIGSTOP');
    await store.put('changing/1 replaced', 'another one, and longer');
    await store.s3.send(new DeleteObjectCommand({ Bucket: store.bucket, Key: 'changing/2 gone' }));
    child.kill('SIGCONT');
    const got = await ended;
    expect(got.status).toBe(3);
    expect(readDocument(got)).toMatchObject({
      objects: 3,
      failed: 1,
      failures: [{ name: url('changing/2 gone'), code: 'not_found' }],
    });
    expect((await readdir(program.path('changing'))).toSorted()).toEqual(['0', '1 replaced', '3 kept']);
    expect((await readFile(program.path('changing', '0'))).equals(large)).toBe(true);
    expect(await readFile(program.path('changing', '1 replaced'), 'utf8')).toBe('another one, and longer');
    expect(await readFile(program.path('changing', '3 kept'), 'utf8')).toBe('listed 3 kept');
  });

  it.each(['crc32', 'crc32c', 'sha256', 'crc64nvme', 'none'])(
    'takes an upload in parts with %s, whatever the store makes of it, and gets it by ranges',
    async (checksum) => {
      await using program = await Program.create(store.env);
      const body = randomBytes(11 * MIB);
      await writeFile(program.path('file'), body);
      const object = url(`sum/${checksum}`);
      const put = await program.run(['put', '--checksum', checksum, '--part-size', '5MiB', 'file', object]);
      expect([put.status, put.stderr]).toEqual([0, '']);
      const get = await program.run(['get', '--json', '--part-size', '2MiB', object, 'copy']);
      expect([get.status, get.stderr]).toEqual([0, '']);
      // Both stores keep no checksums and tell no parts: then their usual size is what the ETag proves.
      expect([checksum, `${checksum}-composite`, 'md5-composite']).toContain(readDocument(get)['verified_by']);
      expect((await readFile(program.path('copy'))).equals(body)).toBe(true);
    },
  );

  it('gets the range that was asked for', async () => {
    await using program = await Program.create(store.env);
    const body = randomBytes(5 * MIB);
    await store.put('ranges', body);
    const cases: readonly [string, Buffer][] = [
      ['1000-4999', body.subarray(1000, 5000)],
      ['0-0', body.subarray(0, 1)],
      ['5242879-', body.subarray(-1)],
      ['-10', body.subarray(-10)],
      ['5242870-9999999', body.subarray(-10)],
      ['1-', body.subarray(1)],
    ];
    for (const [range, expected] of cases) {
      const piece = await program.run(['get', `--range=${range}`, url('ranges'), '-']);
      expect([piece.status, piece.stderr, piece.stdout.equals(expected)], range).toEqual([0, '', true]);
    }
    const outside = await program.run(['get', '--json', '--range=5242880-', url('ranges'), 'outside']);
    expect(outside.status).toBe(76);
    expect(readDocument(outside).error).toMatchObject({ code: 'rejected', http_status: 416 });
  });

  it.each([
    ['alike', [5 * MIB, 5 * MIB, 1]],
    ['of any sizes', [5 * MIB, 7 * MIB, 6 * MIB, 1]],
    ['that is one', [6 * MIB]],
  ])('raises no alarm for an object of parts %s', async (_what, sizes) => {
    await using program = await Program.create(store.env);
    const bodies = sizes.map((size) => randomBytes(size));
    const place = { Bucket: store.bucket, Key: 'parts/of' };
    const { UploadId } = await store.s3.send(new CreateMultipartUploadCommand(place));
    const Parts = [];
    for (const [index, Body] of bodies.entries()) {
      const part = { ...place, UploadId, PartNumber: index + 1, Body };
      const { ETag } = await store.s3.send(new UploadPartCommand(part));
      Parts.push({ ETag, PartNumber: index + 1 });
    }
    await store.s3.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }));
    const got = await program.run(['get', '--json', url('parts/of'), 'copy']);
    expect([got.status, got.stderr]).toEqual([0, '']);
    // One part is known without a question.
    const known = sizes.length === 1 ? ['md5-composite', 'crc64nvme'] : [null, 'md5-composite', 'crc64nvme'];
    expect(known).toContain(readDocument(got)['verified_by']);
    const piped = await program.run(['get', url('parts/of'), '-']);
    expect([piped.status, piped.stdout.equals(Buffer.concat(bodies))]).toEqual([0, true]);
  });

  it('never overwrites under --if-none-match', async () => {
    await using program = await Program.create(store.env);
    await store.put('once/small', 'first');
    await store.put('once/large', 'first');
    await writeFile(program.path('small'), 'second');
    await writeFile(program.path('large'), randomBytes(6 * MIB));
    for (const name of ['small', 'large']) {
      const argv = ['put', '--if-none-match', '--json', '--part-size', '5MiB', name, url(`once/${name}`)];
      const refused = await program.run(argv);
      expect([name, refused.status]).toEqual([name, 73]);
      expect(readDocument(refused).error).toMatchObject({ code: 'exists' });
      expect((await store.read(`once/${name}`)).toString()).toBe('first');
    }
    expect(await store.listUploads('once/')).toEqual([]);
    const large = await program.run(['put', '--if-none-match', '--part-size', '5MiB', 'large', url('once/new-large')]);
    expect([large.status, large.stderr]).toEqual([0, '']);
    const small = await program.run(['put', '--if-none-match', '--json', 'small', url('once/new-small')]);
    if (traits.conditionalPut === 'checked') {
      expect([small.status, small.stderr]).toEqual([0, '']);
    } else {
      expect(small.status).toBe(76);
      expect(readDocument(small).error).toMatchObject({ code: 'rejected', s3_code: 'NotImplemented', attempts: 1 });
    }
  });

  it('sets tags where the store has them, and is refused where it has none', async () => {
    await using program = await Program.create(store.env);
    await writeFile(program.path('file'), 'x');
    const tagged = await program.run(['put', '--json', '--tags', 'a=b c', 'file', url('tagged')]);
    if (traits.hasTags) {
      expect([tagged.status, tagged.stderr]).toEqual([0, '']);
    } else {
      expect(tagged.status).toBe(76);
      expect(readDocument(tagged).error).toMatchObject({ code: 'rejected', http_status: 501, attempts: 1 });
    }
  });

  it('keeps the metadata, type and time of a file', async () => {
    await using program = await Program.create(store.env);
    await writeFile(program.path('page.html'), '<p>');
    const argv = ['put', '--metadata', 'colour=red', '--cache-control', 'no-store', 'page.html', url('page.html')];
    expect((await program.run(argv)).status).toBe(0);
    const head = await store.s3.send(new HeadObjectCommand({ Bucket: store.bucket, Key: 'page.html' }));
    expect(head).toMatchObject({ ContentType: 'text/html', CacheControl: 'no-store', Metadata: { colour: 'red' } });
    expect((await program.run(['get', url('page.html'), 'copy'])).status).toBe(0);
    const [{ mtimeMs }, copy] = [await stat(program.path('page.html')), await stat(program.path('copy'))];
    expect(Math.abs(copy.mtimeMs - mtimeMs)).toBeLessThan(1);
  });
}
