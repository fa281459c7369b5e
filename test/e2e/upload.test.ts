import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rename, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/patience.ts';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const MIB = 1024 * 1024;

async function createStage(env: Readonly<Record<string, string>> = {}) {
  const sandbox = await startTestSandbox();
  const program = await Program.create({ ...sandbox.env, BREAKWATER_RETRY_BASE: '10ms', ...env });
  return {
    sandbox,
    program,
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]();
      await sandbox.close();
    },
  };
}

function connect({ endpoint, env }: TestSandbox): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: env['AWS_ACCESS_KEY_ID']!, secretAccessKey: env['AWS_SECRET_ACCESS_KEY']! },
  });
}

/** Answers to parts without a fault, over all runs or since the log was cleared. */
function answeredParts(sandbox: TestSandbox): number {
  return sandbox
    .requests()
    .filter(({ operation, status, fault }) => operation === 'UploadPart' && status === 200 && fault === null).length;
}

describe('an upload that is cut', () => {
  it.each([
    ['SIGKILL', null],
    ['SIGINT', 130],
  ] as const)('by %s goes on with what is stored, and ends with the exact bytes', async (signal, status) => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    const body = randomBytes(64 * MIB);
    await writeFile(program.path('file'), body);
    sandbox.addFault('UploadPart:hang:skip=3');
    const { child, ended } = program.start(['put', '--json', 'file', 's3://bucket/key']);
    await vi.waitFor(() => expect(answeredParts(sandbox)).toBe(3), PATIENCE);
    child.kill(signal);
    const cut = await ended;
    expect(cut.status).toBe(status);
    if (signal === 'SIGINT') expect(readDocument(cut).error?.['hint']).toMatch(/37 % .* run the same command again/);
    expect(sandbox.openUploads('bucket')).toBe(1);
    sandbox.clearFaults();
    sandbox.clearRequests();

    const done = await program.run(['put', '--json', 'file', 's3://bucket/key']);

    expect(done.stderr).toBe('');
    const { resumed_bytes: resumed, ...document } = readDocument(done);
    expect(document).toMatchObject({ ok: true, bytes: 64 * MIB, checksum: 'crc32' });
    // A part whose answer did not come may be stored all the same: it is found by its bytes, and not sent again.
    expect(resumed).toBeGreaterThanOrEqual(24 * MIB);
    expect(answeredParts(sandbox) * 8 * MIB).toBe(64 * MIB - Number(resumed));
    expect(sandbox.read('bucket', 'key')?.equals(body)).toBe(true);
    expect(sandbox.openUploads('bucket')).toBe(0);
  });

  it('is aborted and begun anew when the file changed', async () => {
    await using stage = await createStage({ BREAKWATER_RETRIES: '0' });
    const { sandbox, program } = stage;
    await writeFile(program.path('file'), randomBytes(64 * MIB));
    sandbox.addFault('UploadPart:500:InternalError:skip=3');
    expect((await program.run(['put', 'file', 's3://bucket/key'])).status).toBe(69);
    expect(sandbox.openUploads('bucket')).toBe(1);
    sandbox.clearFaults();
    const body = randomBytes(64 * MIB);
    await writeFile(program.path('file'), body);

    const done = await program.run(['put', '--json', 'file', 's3://bucket/key']);

    expect(readDocument(done)).toMatchObject({ ok: true, resumed_bytes: 0 });
    expect(sandbox.read('bucket', 'key')?.equals(body)).toBe(true);
    expect(sandbox.openUploads('bucket')).toBe(0);
  });
});

describe('many files', () => {
  it('stop at once when the circuit opens, and the next run sends only the rest', async () => {
    await using stage = await createStage({ BREAKWATER_RETRIES: '0', BREAKWATER_OPEN_FOR: '1ms' });
    const { sandbox, program } = stage;
    await mkdir(program.path('tree'));
    const names = Array.from({ length: 60 }, (_, index) => `file ${index}`);
    for (const name of names) await writeFile(program.path('tree', name), name);
    const put = ['put', '-r', '--json', '--concurrency', '1', 'tree', 's3://bucket/to/'];
    sandbox.addFault('PutObject:500:InternalError:skip=30');

    const cut = await program.run(['put', ...put.slice(1), '--open-for', '1h']);

    expect(cut.status).toBe(75);
    expect(readDocument(cut)).toMatchObject({ objects: 30, failed: 5, error: { code: 'circuit_open' } });
    expect(readDocument(cut).error?.['hint']).toMatch(/run the same command again/);
    const sent = sandbox.requests().length;
    expect(sent).toBe(35);
    sandbox.clearFaults();
    await program.run(['breaker-reset', '--all']);

    const done = await program.run(put);

    expect(readDocument(done)).toMatchObject({ ok: true, objects: 30, skipped: 30, failed: 0 });
    expect(sandbox.keys('bucket')).toHaveLength(60);
    const again = await program.run(put);
    expect(readDocument(again)).toMatchObject({ ok: true, objects: 60, skipped: 0 });
  });

  it('leave out what is no file, name what cannot be sent, and send the others', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    await mkdir(program.path('tree', 'sub'), { recursive: true });
    await writeFile(program.path('tree', 'sub', 'file'), 'x');
    await symlink('nowhere', program.path('tree', 'dangling'));
    await symlink('.', program.path('tree', 'circle'));
    execFileSync('mkfifo', [program.path('tree', 'fifo')]);
    const server = createServer().listen(program.path('tree', 'socket'));
    await vi.waitFor(async () => expect((await stat(program.path('tree', 'socket'))).isSocket()).toBe(true), PATIENCE);
    const ended = await program.run(['put', '-r', '--json', 'tree', 's3://bucket/']);
    server.close();
    expect(ended.status).toBe(3);
    expect(readDocument(ended)).toMatchObject({
      objects: 1,
      failed: 1,
      failures: [{ name: 'dangling', code: 'not_found' }],
    });
    expect(ended.stderr).toMatch(/skipped \S*fifo: /);
    expect(ended.stderr).toMatch(/skipped \S*socket: /);
    expect(ended.stderr).toMatch(/skipped \S*circle: /);
    expect(sandbox.keys('bucket')).toEqual(['sub/file']);
  });

  it('are found by patterns that no shell has expanded, and chosen by include and exclude', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    await mkdir(program.path('logs', 'old'), { recursive: true });
    for (const name of ['a.log', 'b.log', 'c.txt', 'old/d.log']) await writeFile(program.path('logs', name), name);
    expect((await program.run(['put', 'logs/*.log', 's3://bucket/glob/'])).status).toBe(0);
    const flags = ['--include', '*.log', '--exclude', 'old/**'];
    const dry = await program.run(['put', '-r', '--dry-run', ...flags, 'logs', 's3://bucket/tree/']);
    expect(dry.text).toMatch(/would put logs\/a.log to s3:\/\/bucket\/tree\/a.log/);
    expect(dry.text).toMatch(/would send 2 objects/);
    expect((await program.run(['put', '-r', ...flags, 'logs', 's3://bucket/tree/'])).status).toBe(0);
    expect(sandbox.keys('bucket')).toEqual(['glob/a.log', 'glob/b.log', 'tree/a.log', 'tree/b.log']);
    expect((await program.run(['put', 'logs/*.gz', 's3://bucket/'])).status).toBe(66);
    expect((await program.run(['put', '-r', '--include', '*.gz', 'logs', 's3://bucket/'])).status).toBe(66);
  });
});

describe('what is stored with an object', () => {
  it('is its type, its time and what the flags say', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    await writeFile(program.path('page.html'), '<p>');
    await utimes(program.path('page.html'), 1_700_000_000, 1_700_000_000.25);
    const flags = ['--metadata', 'Team=a b', '--tags', 'env=prod', '--cache-control', 'no-cache', '--storage-class'];
    const ended = await program.run(['put', ...flags, 'STANDARD_IA', '--sse', 'AES256', 'page.html', 's3://bucket/']);
    expect([ended.status, ended.stderr]).toEqual([0, '']);
    const s3 = connect(sandbox);
    const head = await s3.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'page.html', ChecksumMode: 'ENABLED' }));
    s3.destroy();
    expect(head).toMatchObject({
      ContentType: 'text/html',
      CacheControl: 'no-cache',
      Metadata: { team: 'a b', mtime: '1700000000.25' },
      StorageClass: 'STANDARD_IA',
      ServerSideEncryption: 'AES256',
      ChecksumType: 'FULL_OBJECT',
    });
  });

  it.each([
    ['crc32', 'ChecksumCRC32', 'FULL_OBJECT'],
    ['crc32c', 'ChecksumCRC32C', 'FULL_OBJECT'],
    ['sha256', 'ChecksumSHA256', 'COMPOSITE'],
  ] as const)('is a %s over all its parts', async (checksum, field, type) => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    await writeFile(program.path('file'), randomBytes(5 * MIB + 1));
    const put = ['put', '--json', '--checksum', checksum, '--part-size', '5MiB'];
    const ended = await program.run([...put, 'file', 's3://bucket/key']);
    expect(readDocument(ended)).toMatchObject({ ok: true, checksum });
    const s3 = connect(sandbox);
    const object = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'key', ChecksumMode: 'ENABLED' }));
    await object.Body?.transformToByteArray();
    s3.destroy();
    expect(object).toMatchObject({ ChecksumType: type, [field]: expect.any(String) });
  });

  it('replaces nothing under --if-none-match: status 73, also in parts and from standard input', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    await writeFile(program.path('small'), 'new');
    await writeFile(program.path('large'), randomBytes(9 * MIB));
    sandbox.putObject('bucket', 'key', { body: 'old' });
    for (const source of ['small', 'large', '-']) {
      const ended = await program.run(['put', '--json', '--if-none-match', source, 's3://bucket/key'], {
        input: 'new',
      });
      expect([source, ended.status]).toEqual([source, 73]);
      expect(readDocument(ended).error).toMatchObject({ code: 'exists' });
    }
    expect(sandbox.read('bucket', 'key')?.toString()).toBe('old');
    expect(sandbox.openUploads('bucket')).toBe(0);
    // An answer that was lost does not make our own object a stranger's.
    sandbox.addFault('PutObject:lost:times=1');
    sandbox.addFault('CompleteMultipartUpload:lost:times=1');
    expect((await program.run(['put', '--if-none-match', 'small', 's3://bucket/new'])).status).toBe(0);
    sandbox.addFault('PutObject:lost:times=1');
    const piped = await program.run(['put', '--if-none-match', '-', 's3://bucket/piped'], { input: 'new' });
    expect([piped.status, sandbox.read('bucket', 'piped')?.toString()]).toEqual([0, 'new']);
    expect((await program.run(['put', '--if-none-match', 'large', 's3://bucket/larger'])).status).toBe(0);
  });

  it('waits under --if-none-match for another request at the same key: in one, in parts and from standard input', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    await writeFile(program.path('small'), 'new');
    await writeFile(program.path('large'), randomBytes(9 * MIB));
    const fault = 'ConditionalRequestConflict:bucket=bucket';
    for (const source of ['small', 'large', '-']) {
      for (const operation of ['PutObject', 'CompleteMultipartUpload'])
        sandbox.addFault(`${operation}:${fault}:times=1`);
      const argv = ['put', '--json', '--if-none-match', '--retry-base=10ms', source, `s3://bucket/${source}`];
      expect([source, (await program.run(argv, { input: 'new' })).status]).toEqual([source, 0]);
      sandbox.clearFaults();
    }
    sandbox.addFault(`PutObject:${fault}`);
    const argv = ['put', '--json', '--if-none-match', '--retry-base=10ms', 'small', 's3://bucket/other'];
    const ended = await program.run(argv);
    expect(ended.status).toBe(69);
    expect(readDocument(ended).error).toMatchObject({
      code: 'unavailable',
      s3_code: 'ConditionalRequestConflict',
      http_status: 409,
      attempts: 4,
    });
    expect(sandbox.openUploads('bucket')).toBe(0);
  });
});

describe('a source that changes while it is sent', () => {
  it.each([
    [
      'is replaced',
      async (path: string) => {
        await writeFile(`${path}.new`, randomBytes(17 * MIB));
        await rename(`${path}.new`, path);
      },
    ],
    ['is removed', async (path: string) => rename(path, `${path}.gone`)],
    ['grows', async (path: string) => writeFile(path, 'more', { flag: 'a' })],
    ['shrinks', async (path: string) => writeFile(path, 'short')],
  ])('and %s is status 74, without an object and without parts', async (_how, change) => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    await writeFile(program.path('file'), randomBytes(17 * MIB));
    // Every part is asked for twice; the change comes in between.
    sandbox.addFault('UploadPart:500:InternalError:times=3');
    const { ended } = program.start(['put', '--json', '--retry-base', '1s', 'file', 's3://bucket/key']);
    await vi.waitFor(
      () => expect(sandbox.requests().some(({ operation }) => operation === 'UploadPart')).toBe(true),
      PATIENCE,
    );
    await change(program.path('file'));
    const result = await ended;
    expect(readDocument(result).error).toMatchObject({ code: 'source_changed', exit_status: 74 });
    expect(sandbox.keys('bucket')).toEqual([]);
    expect(sandbox.openUploads('bucket')).toBe(0);
  });
});
