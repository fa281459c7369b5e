import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ChecksumAlgorithm,
  type ChecksumType,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import Get from '../../src/commands/get.ts';
import Put from '../../src/commands/put.ts';
import { runInProcess, type EndedInProcess } from '../support/in-process.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const MIB = 1024 * 1024;
const BODY = randomBytes(17 * MIB + 5);
const ALIKE = [6 * MIB, 6 * MIB];
const ANY = [5 * MIB, 7 * MIB];
const BUCKET = 'bucket';

interface Place extends AsyncDisposable {
  readonly path: (name: string) => string;
  readonly run: (
    command: typeof Get | typeof Put,
    ...argv: readonly string[]
  ) => Promise<EndedInProcess & { readonly json: Record<string, unknown> }>;
}

async function createPlace({ env: access }: TestSandbox): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-composite-'));
  const env = { ...access, BREAKWATER_STATE_DIR: join(directory, 'state'), BREAKWATER_RETRY_BASE: '1ms' };
  Object.assign(process.env, access);
  return {
    path: (name) => join(directory, name),
    run: async (command, ...argv) => {
      const ended = await runInProcess(command, argv, { env, home: directory });
      const text = ended.stdout.subarray(0, 1).toString() === '{' ? ended.stdout.toString() : '{}';
      return { ...ended, json: JSON.parse(text) as Record<string, unknown> };
    },
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true }),
  };
}

interface Upload {
  readonly partSizes: readonly number[];
  readonly algorithm?: ChecksumAlgorithm;
  readonly type?: ChecksumType;
}

/** Uploads `BODY` in parts of any sizes, the last with the rest, as a client that is not ours does. */
async function upload(sandbox: TestSandbox, key: string, { partSizes, algorithm, type }: Upload): Promise<void> {
  const { endpoint, region, accessKeyId, secretAccessKey } = sandbox;
  const credentials = { accessKeyId, secretAccessKey };
  const s3 = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const place = { Bucket: BUCKET, Key: key };
  const sums = algorithm === undefined ? {} : { ChecksumAlgorithm: algorithm };
  const kind = type === undefined ? {} : { ChecksumType: type };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...place, ...sums, ...kind }));
  const Parts = [];
  let at = 0;
  for (const [index, size] of [...partSizes, Infinity].entries()) {
    const part = { PartNumber: index + 1, UploadId, Body: BODY.subarray(at, at + size) };
    const { $metadata: _, ...stored } = await s3.send(new UploadPartCommand({ ...place, ...sums, ...part }));
    Parts.push({ ...stored, PartNumber: index + 1 });
    at += size;
  }
  await s3.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }));
  s3.destroy();
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const URL = `s3://${BUCKET}/key`;

describe('get of an object that was uploaded in parts', () => {
  let sandbox: TestSandbox;
  beforeAll(async () => {
    sandbox = await startTestSandbox();
  });
  afterAll(async () => await sandbox[Symbol.asyncDispose]());

  function asked(): readonly string[] {
    const operations = sandbox.requests().map(({ operation }) => operation ?? '');
    sandbox.clearRequests();
    return operations;
  }

  it.each<[string, Upload, string, number]>([
    ['CRC-32 of its parts', { partSizes: ALIKE, algorithm: 'CRC32', type: 'COMPOSITE' }, 'crc32-composite', 1],
    ['CRC-32C of its parts', { partSizes: ALIKE, algorithm: 'CRC32C' }, 'crc32c-composite', 1],
    ['SHA-256 of parts of any sizes', { partSizes: ANY, algorithm: 'SHA256' }, 'sha256-composite', 2],
    ['SHA-1 of two parts', { partSizes: [5 * MIB], algorithm: 'SHA1' }, 'sha1-composite', 1],
    ['CRC-32 of its one part', { partSizes: [], algorithm: 'CRC32' }, 'crc32-composite', 0],
    ['CRC-32 of the whole', { partSizes: ANY, algorithm: 'CRC32', type: 'FULL_OBJECT' }, 'crc32', 0],
    ['MD5s of its parts', { partSizes: ALIKE }, 'md5-composite', 1],
    ['MD5 of its one part', { partSizes: [] }, 'md5-composite', 0],
  ])('verifies it by the %s: to a file, to standard output, among many', async (_what, wishes, verifiedBy, heads) => {
    await using place = await createPlace(sandbox);
    await upload(sandbox, 'sums/key', wishes);
    asked();
    const url = `s3://${BUCKET}/sums/key`;
    const file = await place.run(Get, '--json', url, place.path('file'));
    expect(file.json).toMatchObject({ ok: true, bytes: BODY.byteLength, verified_by: verifiedBy });
    expect(digest(await readFile(place.path('file')))).toBe(digest(BODY));
    // 17 MiB are two pieces of a file.
    expect(asked().toSorted()).toEqual([...Array(2).fill('GetObject'), ...Array(heads).fill('HeadObject')]);

    const piped = await place.run(Get, '--verbose', url, '-');
    expect([piped.status, digest(piped.stdout)]).toEqual([0, digest(BODY)]);
    expect(piped.stderr).not.toContain('not verified');

    const many = await place.run(Get, '-r', '--json', '--verbose', `s3://${BUCKET}/sums/`, place.path('many'));
    expect(many.json).toMatchObject({ ok: true, objects: 1 });
    expect(many.stderr).not.toContain('not verified');
    expect(digest(await readFile(place.path('many/key')))).toBe(digest(BODY));
  });

  it.each([
    ['sha256', 'sha256-composite'],
    ['crc32c', 'crc32c'],
  ])('verifies what put --checksum %s has sent, by %s', async (checksum, verifiedBy) => {
    await using place = await createPlace(sandbox);
    await writeFile(place.path('from'), BODY);
    expect((await place.run(Put, `--checksum=${checksum}`, place.path('from'), URL)).status).toBe(0);
    const { json } = await place.run(Get, '--json', URL, place.path('file'));
    expect(json).toMatchObject({ ok: true, verified_by: verifiedBy });
  });

  it.each<[string, Upload, number]>([
    ['certain', { partSizes: [5 * MIB], algorithm: 'SHA256' }, 1],
    ['guessed', { partSizes: ALIKE, algorithm: 'CRC32' }, 2],
    ['learnt', { partSizes: ANY, algorithm: 'CRC32C' }, 2],
    ['one part', { partSizes: [], algorithm: 'SHA256' }, 0],
  ])('finds a corrupted byte where the layout is %s: the old file stays', async (_what, wishes, heads) => {
    await using place = await createPlace(sandbox);
    await upload(sandbox, 'key', wishes);
    await writeFile(place.path('file'), 'old');
    const fault = sandbox.addFault('GetObject:corrupt:key=key');
    asked();
    const { status, json } = await place.run(Get, '--json', URL, place.path('file'));
    expect([status, json['error']]).toEqual([65, expect.objectContaining({ code: 'checksum_mismatch' })]);
    expect(asked().filter((operation) => operation === 'HeadObject')).toHaveLength(heads);
    expect(await readFile(place.path('file'), 'utf8')).toBe('old');
    expect((await readdir(place.path('.'))).toSorted()).toEqual(['file', 'state']);
    expect((await place.run(Get, URL, '-')).status).toBe(65);
    sandbox.removeFault(fault);
  });

  it('fetches it again where a byte was corrupted once', async () => {
    await using place = await createPlace(sandbox);
    await upload(sandbox, 'key', { partSizes: ALIKE, algorithm: 'CRC32' });
    const fault = sandbox.addFault('GetObject:corrupt:times=1');
    const { status, json, stderr } = await place.run(Get, '--json', URL, place.path('file'));
    expect([status, json['verified_by']]).toEqual([0, 'crc32-composite']);
    expect(stderr).toContain('fetching it again');
    expect(digest(await readFile(place.path('file')))).toBe(digest(BODY));
    sandbox.removeFault(fault);
  });

  it('raises no alarm for an ETag of MD5s alone', async () => {
    await using place = await createPlace(sandbox);
    await upload(sandbox, 'key', { partSizes: ALIKE });
    const fault = sandbox.addFault('GetObject:corrupt');
    const { status, json, stderr } = await place.run(Get, '--json', '--verbose', URL, place.path('file'));
    expect([status, json['verified_by']]).toEqual([0, null]);
    expect(stderr).toContain('not verified: its ETag is not the MD5 of its parts');
    sandbox.removeFault(fault);
  });
});

describe('get of a large object of parts that was cut', () => {
  it('verifies all of it when it goes on, also what an earlier run has brought', async () => {
    await using sandbox = await startTestSandbox();
    await using place = await createPlace(sandbox);
    const large = randomBytes(70 * MIB);
    await writeFile(place.path('from'), large);
    expect((await place.run(Put, '--checksum=sha256', place.path('from'), URL)).status).toBe(0);
    const fault = sandbox.addFault('GetObject:truncate');
    expect((await place.run(Get, '--retries=0', '--no-breaker', URL, place.path('file'))).status).toBe(69);
    sandbox.removeFault(fault);
    const { json } = await place.run(Get, '--json', URL, place.path('file'));
    expect(json).toMatchObject({ ok: true, verified_by: 'sha256-composite' });
    expect(json['resumed_bytes']).toBeGreaterThan(1);
    expect(digest(await readFile(place.path('file')))).toBe(digest(large));
  });
});

describe('get from a store that ignores the number of a part', () => {
  it.each<[string, Upload, string]>([
    ['a composite checksum', { partSizes: [8 * MIB, 8 * MIB], algorithm: 'SHA256' }, 'sha256-composite'],
    ['an ETag of parts', { partSizes: [8 * MIB, 8 * MIB] }, 'md5-composite'],
    ['an ETag of parts as rclone cuts them', { partSizes: [5 * MIB, 5 * MIB, 5 * MIB] }, 'md5-composite'],
  ])('is verified by %s where the parts are of a usual size', async (_what, wishes, verifiedBy) => {
    await using sandbox = await startTestSandbox({ quirks: ['ignores-part-number'] });
    await using place = await createPlace(sandbox);
    await upload(sandbox, 'key', wishes);
    const { status, json, stderr } = await place.run(Get, '--json', URL, place.path('file'));
    expect([status, json['verified_by'], stderr]).toEqual([0, verifiedBy, '']);
    expect(digest(await readFile(place.path('file')))).toBe(digest(BODY));
    const piped = await place.run(Get, URL, '-');
    expect([piped.status, digest(piped.stdout), piped.stderr]).toEqual([0, digest(BODY), '']);
  });

  it.each<[string, Upload]>([
    ['a composite checksum', { partSizes: ALIKE, algorithm: 'SHA256' }],
    ['an ETag of parts', { partSizes: ALIKE }],
  ])('is not verified by %s, and raises no alarm', async (_what, wishes) => {
    await using sandbox = await startTestSandbox({ quirks: ['ignores-part-number'] });
    await using place = await createPlace(sandbox);
    await upload(sandbox, 'key', wishes);
    sandbox.clearRequests();
    const { status, json, stderr } = await place.run(Get, '--json', URL, place.path('file'));
    expect([status, json['verified_by'], stderr]).toEqual([0, null, '']);
    expect(sandbox.requests().filter(({ operation }) => operation === 'HeadObject')).toHaveLength(1);
    const told = await place.run(Get, '--verbose', URL, '-');
    expect([told.status, digest(told.stdout)]).toEqual([0, digest(BODY)]);
    expect(told.stderr).toContain(`${URL}: not verified: the store does not report the parts it was uploaded in`);
  });
});
