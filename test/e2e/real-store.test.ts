import { randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type MultipartUpload,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import Get from '../../src/commands/get.ts';
import Put from '../../src/commands/put.ts';
import { runInProcess } from '../support/in-process.ts';
import { ODD_PATHS, UNSAFE_KEYS } from '../support/odd-names.ts';
import { Program, readDocument } from '../support/program.ts';

/** A store that is not ours, so that the sandbox and the client cannot agree on one misreading: Ceph's gateway in CI. */
const endpoint = process.env['BREAKWATER_TEST_ENDPOINT'];
const accessKeyId = process.env['BREAKWATER_TEST_ACCESS_KEY_ID'] ?? '';
const secretAccessKey = process.env['BREAKWATER_TEST_SECRET_ACCESS_KEY'] ?? '';
const MIB = 1024 * 1024;
const bucket = `breakwater-${randomBytes(6).toString('hex')}`;

if (endpoint === undefined) console.log('skipped: tests against a real store need BREAKWATER_TEST_ENDPOINT and keys');

const ENVIRONMENT = {
  AWS_ENDPOINT_URL_S3: endpoint ?? '',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
};

describe.skipIf(endpoint === undefined)('against a real store', () => {
  let s3: S3Client;
  beforeAll(async () => {
    const credentials = { accessKeyId, secretAccessKey };
    s3 = new S3Client({ endpoint: endpoint!, region: 'us-east-1', forcePathStyle: true, credentials });
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  });
  afterAll(async () => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
    s3.destroy();
  });

  /** The bytes as a client that is not ours gets them. */
  async function read(key: string): Promise<Buffer> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }

  /** Until what was stored before has an age: the store tells its time in whole seconds. */
  async function waitForNextSecond(): Promise<void> {
    const tellTime = async (): Promise<number> => Date.parse((await fetch(endpoint!)).headers.get('date') ?? '');
    const startedAtMs = await tellTime();
    await vi.waitFor(async () => expect(await tellTime()).toBeGreaterThan(startedAtMs + 1000), {
      timeout: 30_000,
      interval: 100,
    });
  }

  async function listUploads(): Promise<readonly MultipartUpload[]> {
    return (await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [];
  }

  it('puts, gets and sweeps: small, empty, in parts, from standard input', async () => {
    await using program = await Program.create(ENVIRONMENT);
    const bodies: Readonly<Record<string, Buffer>> = {
      empty: Buffer.alloc(0),
      'with space': Buffer.from('a'),
      'grüße+100%': Buffer.from('b'),
      big: randomBytes(17 * MIB),
    };
    await mkdir(program.path('tree'));
    for (const [name, body] of Object.entries(bodies)) await writeFile(program.path('tree', name), body);

    const sent = await program.run(['put', '-r', '--json', 'tree/', `s3://${bucket}/tree/`]);
    expect([sent.status, sent.stderr]).toEqual([0, '']);
    expect(readDocument(sent)).toMatchObject({ objects: 4, failed: 0 });
    const one = readDocument(await program.run(['put', '--json', 'tree/big', `s3://${bucket}/tree/one`]));
    expect(one['etag']).toMatch(/^"?[0-9a-f]{32}-\d"?$/);
    expect((await program.run(['put', '-', `s3://${bucket}/tree/piped`], { input: bodies['big']! })).status).toBe(0);
    expect((await read('tree/one')).equals(bodies['big']!)).toBe(true);

    const got = await program.run(['get', '-r', `s3://${bucket}/tree/`, 'back']);
    expect([got.status, got.stderr]).toEqual([0, '']);
    for (const [name, body] of Object.entries(bodies)) {
      expect((await readFile(program.path('back', name))).equals(body), name).toBe(true);
    }
    expect((await program.run(['get', `s3://${bucket}/tree/piped`, '-'])).stdout.equals(bodies['big']!)).toBe(true);
    const missing = await program.run(['get', '--json', `s3://${bucket}/none`, 'none']);
    expect(readDocument(missing).error).toMatchObject({ code: 'not_found', s3_code: 'NoSuchKey', attempts: 1 });

    // Names that XML cannot hold, or that it escapes: a batch of deletes must get along with them.
    for (const name of ['bell\u0007', 'cr\r', `a&b<c>'"`]) {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `tree/${name}`, Body: 'x' }));
    }
    await waitForNextSecond();
    const sweep = ['sweep', `s3://${bucket}/tree/`, '--older-than', '1ms', '--yes', '--json', '--verbose'];
    const swept = await program.run(sweep);
    expect(readDocument(swept)).toMatchObject({ complete: true, matched: 9, deleted: 9, changed: 0, failed: 0 });
    expect(swept.stderr).toContain(`debug: s3://${bucket}: deletes`);
    expect((await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'tree/' }))).KeyCount).toBe(0);
  }, 120_000);

  it.each(['crc32', 'crc32c', 'sha256', 'crc64nvme'])(
    'takes an upload in parts with %s, whatever the store makes of it, and gets it by ranges',
    async (checksum) => {
      await using program = await Program.create(ENVIRONMENT);
      const body = randomBytes(11 * MIB);
      await writeFile(program.path('file'), body);
      const url = `s3://${bucket}/sum/${checksum}`;
      const put = await program.run(['put', '--checksum', checksum, '--part-size', '5MiB', 'file', url]);
      expect([put.status, put.stderr]).toEqual([0, '']);
      const get = await program.run(['get', '--json', '--part-size', '2MiB', url, 'copy']);
      expect([get.status, get.stderr]).toEqual([0, '']);
      // Ceph 16 keeps no checksums and tells no parts: then their usual size is what the ETag proves.
      expect([checksum, `${checksum}-composite`, 'md5-composite']).toContain(readDocument(get)['verified_by']);
      expect((await readFile(program.path('copy'))).equals(body)).toBe(true);
      const piece = await program.run(['get', '--range', '1000-4999', url, '-']);
      expect([piece.status, piece.stdout.equals(body.subarray(1000, 5000))]).toEqual([0, true]);
    },
    60_000,
  );

  it.each([
    ['alike', [5 * MIB, 5 * MIB, 1]],
    ['of any sizes', [5 * MIB, 7 * MIB, 6 * MIB, 1]],
    ['that is one', [6 * MIB]],
  ])('raises no alarm for an object of parts %s', async (_what, sizes) => {
    await using program = await Program.create(ENVIRONMENT);
    const bodies = sizes.map((size) => randomBytes(size));
    const place = { Bucket: bucket, Key: 'parts/of' };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(place));
    const Parts = [];
    for (const [index, Body] of bodies.entries()) {
      const part = { ...place, UploadId, PartNumber: index + 1, Body };
      const { ETag } = await s3.send(new UploadPartCommand(part));
      Parts.push({ ETag, PartNumber: index + 1 });
    }
    await s3.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }));
    const got = await program.run(['get', '--json', `s3://${bucket}/parts/of`, 'copy']);
    expect([got.status, got.stderr]).toEqual([0, '']);
    // One part is known without a question.
    const known = sizes.length === 1 ? ['md5-composite', 'crc64nvme'] : [null, 'md5-composite', 'crc64nvme'];
    expect(known).toContain(readDocument(got)['verified_by']);
    const piped = await program.run(['get', `s3://${bucket}/parts/of`, '-']);
    expect([piped.status, piped.stdout.equals(Buffer.concat(bodies))]).toEqual([0, true]);
  });

  it('goes on with an upload that was killed', async () => {
    await using program = await Program.create(ENVIRONMENT);
    const body = randomBytes(96 * MIB);
    await writeFile(program.path('file'), body);
    const argv = ['put', '--json', '--quiet', 'file', `s3://${bucket}/killed/up`];
    const { child, ended } = program.start(argv);
    const countParts = async (): Promise<number> => {
      const [upload] = await listUploads();
      if (upload === undefined) return 0;
      const { Key, UploadId } = upload;
      const { Parts = [] } = await s3.send(new ListPartsCommand({ Bucket: bucket, Key, UploadId }));
      return Parts.length;
    };
    await vi.waitFor(async () => expect(await countParts()).toBeGreaterThanOrEqual(3), {
      timeout: 60_000,
      interval: 10,
    });
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');

    const next = await program.run(argv);
    expect([next.status, next.stderr]).toEqual([0, '']);
    expect(readDocument(next)['resumed_bytes']).toBeGreaterThanOrEqual(3 * 5 * MIB);
    expect((await read('killed/up')).equals(body)).toBe(true);
    expect(await listUploads()).toEqual([]);
  }, 120_000);

  it('goes on with a download that was killed', async () => {
    await using program = await Program.create(ENVIRONMENT);
    const body = randomBytes(96 * MIB);
    await writeFile(program.path('file'), body);
    expect((await program.run(['put', 'file', `s3://${bucket}/killed/down`])).status).toBe(0);
    await mkdir(program.path('to'));
    const argv = ['get', '--json', '--quiet', `s3://${bucket}/killed/down`, 'to/copy'];
    const { child, ended } = program.start(argv);
    const countBlocks = async (): Promise<number> => {
      const [name] = await readdir(program.path('to'));
      return name === undefined ? 0 : (await stat(program.path('to', name))).blocks;
    };
    await vi.waitFor(async () => expect((await countBlocks()) * 512).toBeGreaterThan(32 * MIB), {
      timeout: 60_000,
      interval: 5,
    });
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');

    const next = await program.run(argv);
    expect([next.status, next.stderr]).toEqual([0, '']);
    expect(readDocument(next)['resumed_bytes']).toBeGreaterThan(0);
    expect((await readFile(program.path('to', 'copy'))).equals(body)).toBe(true);
    expect(await readdir(program.path('to'))).toEqual(['copy']);
  }, 120_000);

  it('does not overwrite under --if-none-match', async () => {
    await using program = await Program.create(ENVIRONMENT);
    await writeFile(program.path('file'), 'first');
    const argv = ['put', '--if-none-match', '--json', 'file', `s3://${bucket}/once`];
    expect((await program.run(argv)).status).toBe(0);
    await writeFile(program.path('file'), 'second');
    const again = await program.run(argv);
    expect(again.status).toBe(73);
    expect(readDocument(again).error).toMatchObject({ code: 'exists' });
    expect((await read('once')).toString()).toBe('first');
  });

  it('takes every odd name, each with an explicit destination, and sweeps them all', async () => {
    await using program = await Program.create(ENVIRONMENT);
    Object.assign(process.env, ENVIRONMENT);
    const surroundings = { env: program.env, home: program.directory };
    const [from, to] = [program.path('from'), program.path('to')];
    const wrong: string[] = [];
    // Ceph refuses a NUL in a key.
    for (const key of Object.values({ ...ODD_PATHS, ...UNSAFE_KEYS }).filter((name) => !name.includes('\0'))) {
      await writeFile(from, `the bytes of ${key}`);
      const put = await runInProcess(Put, [from, `s3://${bucket}/${key}`], surroundings);
      const get = await runInProcess(Get, [`s3://${bucket}/${key}`, to], surroundings);
      const isRight = put.status === 0 && get.status === 0 && (await readFile(to, 'utf8')) === `the bytes of ${key}`;
      if (!isRight) wrong.push(`${JSON.stringify(key.slice(0, 40))}: ${put.stderr}${get.stderr}`);
    }
    expect(wrong).toEqual([]);
    // Names that XML cannot hold, or that it escapes, in one batch of deletes.
    await waitForNextSecond();
    const swept = await program.run(['sweep', `s3://${bucket}/`, '--all', '--older-than', '1ms', '--yes', '--json']);
    expect(readDocument(swept)).toMatchObject({ ok: true, failed: 0 });
    expect((await s3.send(new ListObjectsV2Command({ Bucket: bucket }))).KeyCount).toBe(0);
  }, 60_000);

  it('sweeps uploads that nobody goes on with', async () => {
    await using program = await Program.create(ENVIRONMENT);
    await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'begun/one' }));
    await waitForNextSecond();
    const argv = ['sweep', `s3://${bucket}/begun/`, '--older-than', '1ms', '--abort-uploads', '1ms', '--yes', '--json'];
    const swept = await program.run(argv);
    expect([swept.status, swept.stderr]).toEqual([0, '']);
    expect(await listUploads()).toEqual([]);
  });

  it('refuses a wrong secret without a retry, and no circuit is moved', async () => {
    await using program = await Program.create({ ...ENVIRONMENT, AWS_SECRET_ACCESS_KEY: 'wrong' });
    await writeFile(program.path('file'), 'x');
    const ended = await program.run(['put', '--json', 'file', 's3://any-bucket/key']);
    expect(readDocument(ended).error).toMatchObject({ code: 'access_denied', http_status: 403, attempts: 1 });
  });
});
