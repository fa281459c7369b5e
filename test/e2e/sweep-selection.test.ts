import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { CreateMultipartUploadCommand, DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/patience.ts';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const DAY_MS = 86_400_000;

interface Stage extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  readonly program: Program;
}

async function createStage(): Promise<Stage> {
  const sandbox = await startTestSandbox();
  const program = await Program.create({ ...sandbox.env, BREAKWATER_RETRY_BASE: '10ms' });
  return {
    sandbox,
    program,
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]();
      await sandbox.close();
    },
  };
}

function connect({ endpoint, accessKeyId, secretAccessKey }: TestSandbox): S3Client {
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
}

function put(sandbox: TestSandbox, keys: readonly string[], { ageMs = 2 * DAY_MS, body = 'x' } = {}): void {
  for (const key of keys) sandbox.putObject('bucket', key, { body, ageMs });
}

/** The store sends its time in whole seconds: what exists now has an age once the next second has started. */
async function nextSecond(): Promise<void> {
  const nowMs = Date.now();
  await vi.waitFor(() => expect(Math.floor(Date.now() / 1000) * 1000).toBeGreaterThan(nowMs), PATIENCE);
}

describe('sweep', () => {
  it('lists a flat key space at several places at once, and deletes each key once', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    const old = Array.from({ length: 12_000 }, (_, index) => `tmp/${String(index).padStart(7, '0')}`);
    put(sandbox, old);
    put(sandbox, ['tmp/0005000-young', 'tmp/9-young', 'tmq'], { ageMs: 0 });
    sandbox.addFault('ListObjectsV2:503:SlowDown:times=1');
    sandbox.addFault('ListObjectsV2:truncate:times=1');

    const swept = await program.run(['sweep', 's3://bucket/tmp/', '--older-than', '1d', '--yes', '--json']);

    expect(swept.status).toBe(0);
    expect(readDocument(swept)).toMatchObject({ matched: 12_000, deleted: 12_000, failed: 0 });
    expect(sandbox.keys('bucket')).toEqual(['tmp/0005000-young', 'tmp/9-young', 'tmq']);
    const listings = sandbox.requests().filter(({ operation }) => operation === 'ListObjectsV2');
    // 13 pages, 2 faults, and what the cuts cost.
    expect(listings.length).toBeLessThan(30);
  });

  it.each([
    ['--include', ['--include', '*.log'], ['tmp/a.log', 'tmp/deep/b.log']],
    ['--exclude', ['--exclude', 'deep/**'], ['tmp/a.log', 'tmp/c.txt']],
    ['both', ['--include', '*.log', '--include', '*.txt', '--exclude', 'a*'], ['tmp/c.txt', 'tmp/deep/b.log']],
    ['--min-size and --max-size', ['--min-size', '2B', '--max-size', '3B'], ['tmp/c.txt', 'tmp/deep/b.log']],
  ])('takes what %s lets through', async (_what, flags, expected) => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    put(sandbox, ['tmp/a.log'], { body: '1' });
    put(sandbox, ['tmp/deep/b.log'], { body: '22' });
    put(sandbox, ['tmp/c.txt'], { body: '333' });
    const all = sandbox.keys('bucket');

    const swept = await program.run(['sweep', 's3://bucket/tmp/', '--older-than', '1d', '--yes', ...flags]);

    expect(swept.status).toBe(0);
    expect(all.filter((key) => !sandbox.keys('bucket').includes(key))).toEqual(expected);
  });

  it('takes the keys of a file: those that are there, below the prefix and past the age', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    put(sandbox, ['tmp/old', 'tmp/unnamed', 'other/old']);
    put(sandbox, ['tmp/young'], { ageMs: 0 });
    await writeFile(program.path('keys'), 'tmp/old\ntmp/young\ntmp/missing\nother/old\ntmp/old\n');

    const args = [
      'sweep',
      's3://bucket/tmp/',
      '--keys-from',
      program.path('keys'),
      '--older-than',
      '1d',
      '--yes',
      '--json',
    ];
    const swept = await program.run(args);

    expect(readDocument(swept)).toMatchObject({ matched: 1, deleted: 1, bytes: 1 });
    expect(sandbox.keys('bucket')).toEqual(['other/old', 'tmp/unnamed', 'tmp/young']);
    expect(sandbox.requests().some(({ operation }) => operation?.startsWith('ListObjects'))).toBe(false);
  });

  it('takes keys of any form from standard input, each ended by NUL, without looking at them for any age', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    const odd = ['a\nb', ' c ', '-d', 'é+%20', '\u0001'];
    put(sandbox, [...odd, 'b'], { ageMs: 0 });

    const args = ['sweep', 's3://bucket', '--keys-from', '-', '-0', '--older-than', '0', '--yes', '--json'];
    const swept = await program.run(args, { input: odd.map((key) => `${key}\0`).join('') });

    expect(readDocument(swept)).toMatchObject({ matched: 5, deleted: 5 });
    expect(sandbox.keys('bucket')).toEqual(['b']);
    expect(sandbox.requests().some(({ operation }) => operation === 'HeadObject')).toBe(false);
  });

  it('tells a missing bucket from missing keys', async () => {
    await using stage = await createStage();
    const args = ['sweep', 's3://no-such-bucket', '--keys-from', '-', '--older-than', '1d', '--yes', '--json'];
    const swept = await stage.program.run(args, { input: 'a\n' });
    expect(swept.status).toBe(66);
    expect(readDocument(swept).error).toMatchObject({ code: 'not_found' });
  });

  it.each(['a directory', 'a bucket'])(
    'takes the keys of an inventory in %s, and leaves alone what was overwritten since',
    async (where) => {
      await using stage = await createStage();
      const { sandbox, program } = stage;
      put(sandbox, ['tmp/a b', 'tmp/overwritten', 'tmp/unlisted']);
      const etag = createHash('md5').update('x').digest('hex');
      const time = new Date(Date.now() - 2 * DAY_MS).toISOString();
      const rows = ['tmp%2Fa+b', 'tmp%2Foverwritten'].map((key) => `"bucket","${key}","1","${time}","${etag}"`);
      const data = gzipSync(`${rows.join('\n')}\n`);
      const manifest = {
        sourceBucket: 'bucket',
        fileFormat: 'CSV',
        fileSchema: 'Bucket, Key, Size, LastModifiedDate, ETag',
        files: [{ key: 'to/data.csv.gz', MD5checksum: createHash('md5').update(data).digest('hex') }],
      };
      let from = program.path('manifest.json');
      if (where === 'a directory') {
        await writeFile(program.path('data.csv.gz'), data);
        await writeFile(from, JSON.stringify(manifest));
      } else {
        sandbox.createBucket('inventories');
        from = 's3://inventories/to/2026-01-03T00-00Z/manifest.json';
        sandbox.putObject('inventories', 'to/data.csv.gz', { body: data });
        sandbox.putObject('inventories', 'to/2026-01-03T00-00Z/manifest.json', { body: JSON.stringify(manifest) });
        sandbox.addFault('GetObject:503:SlowDown:times=1');
        sandbox.addFault('GetObject:truncate:times=1:suffix=.gz');
      }
      put(sandbox, ['tmp/overwritten'], { body: 'new', ageMs: 0 });

      const argv = ['sweep', 's3://bucket/tmp/', '--inventory', from, '--older-than', '1d', '--yes', '--json'];
      const swept = await program.run(argv, { env: { TMPDIR: program.directory, BREAKWATER_RETRY_BASE: '10ms' } });

      expect(swept.status).toBe(0);
      expect(readDocument(swept)).toMatchObject({ matched: 2, deleted: 1, changed: 1 });
      expect(sandbox.keys('bucket')).toEqual(['tmp/overwritten', 'tmp/unlisted']);
      // No circuit was asked or moved, and nothing is left of what came.
      expect((await readdir(program.directory)).filter((name) => name.startsWith('breakwater-'))).toEqual([]);
      expect(readDocument(await program.run(['breaker-status', '--json']))).toMatchObject({
        circuits: [
          { epoch: 0, changed_at: null },
          { epoch: 0, changed_at: null },
        ],
      });
    },
  );

  it('refuses an inventory in a bucket that is not there, is none, or is not the one that S3 wrote, and deletes nothing', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    put(sandbox, ['tmp/a']);
    const manifest = {
      sourceBucket: 'bucket',
      fileFormat: 'CSV',
      fileSchema: 'Bucket, Key',
      files: [{ key: 'data.csv', MD5checksum: '0'.repeat(32) }],
    };
    sandbox.putObject('bucket', 'inventory/manifest.json', { body: JSON.stringify(manifest) });
    sandbox.putObject('bucket', 'inventory/none.json', { body: 'none' });
    const sweep = async (name: string) => {
      const from = ['--inventory', `s3://bucket/inventory/${name}`];
      const argv = ['sweep', 's3://bucket/tmp/', ...from, '--older-than', '0', '--yes', '--json'];
      const ended = await program.run(argv, { env: { TMPDIR: program.directory } });
      return [ended.status, readDocument(ended).error] as const;
    };
    expect(await sweep('gone.json')).toEqual([66, expect.objectContaining({ code: 'not_found' })]);
    expect(await sweep('none.json')).toEqual([2, expect.objectContaining({ code: 'usage', reason: 'inventory' })]);
    expect(await sweep('manifest.json')).toEqual([66, expect.objectContaining({ code: 'not_found' })]);
    sandbox.putObject('bucket', 'data.csv', { body: 'bucket,tmp/a\n' });
    expect(await sweep('manifest.json')).toEqual([
      2,
      expect.objectContaining({ message: expect.stringMatching(/MD5/) }),
    ]);
    expect(sandbox.keys('bucket')).toContain('tmp/a');
    expect((await readdir(program.directory)).filter((name) => name.startsWith('breakwater-'))).toEqual([]);
  });

  it('deletes noncurrent versions, then the markers that hid them; never what is current', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    sandbox.keepVersions('bucket');
    put(sandbox, ['kept', 'gone']);
    put(sandbox, ['kept'], { body: 'new' });
    const s3 = connect(sandbox);
    await s3.send(new DeleteObjectCommand({ Bucket: 'bucket', Key: 'gone' }));
    s3.destroy();
    await nextSecond();
    const sweepVersions = async () =>
      readDocument(
        await program.run(['sweep', 's3://bucket', '--all', '--versions', '--older-than', '1ms', '--yes', '--json']),
      );

    expect(await sweepVersions()).toMatchObject({ matched: 2, deleted: 2, failed: 0 });
    expect(sandbox.versions('bucket').map(({ key, isDeleteMarker }) => [key, isDeleteMarker])).toEqual([
      ['gone', true],
      ['kept', false],
    ]);
    expect(await sweepVersions()).toMatchObject({ matched: 1, deleted: 1 });
    expect(await sweepVersions()).toMatchObject({ matched: 0 });
    expect(sandbox.read('bucket', 'kept')?.toString()).toBe('new');
  });

  it('aborts old uploads, alone or after the objects', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    const s3 = connect(sandbox);
    for (const key of ['tmp/a', 'tmp/b', 'other']) {
      await s3.send(new CreateMultipartUploadCommand({ Bucket: 'bucket', Key: key }));
    }
    s3.destroy();
    await nextSecond();
    put(sandbox, ['tmp/old']);
    const sweep = ['sweep', 's3://bucket/tmp/', '--yes', '--json'];

    const young = await program.run([...sweep, '--abort-uploads', '1d']);
    expect(readDocument(young)['uploads']).toMatchObject({ matched: 0, aborted: 0 });
    const planned = await program.run([...sweep, '--abort-uploads', '1ms', '--dry-run']);
    expect(readDocument(planned)['uploads']).toMatchObject({ matched: 2, aborted: 0 });
    expect(sandbox.openUploads('bucket')).toBe(3);
    const both = await program.run([...sweep, '--older-than', '1d', '--abort-uploads', '1ms']);
    expect(readDocument(both)).toMatchObject({ deleted: 1, uploads: { matched: 2, aborted: 2, failed: 0 } });
    expect(sandbox.openUploads('bucket')).toBe(1);
  });

  it.each([
    ['a key list that lines do not end in', ['--keys-from', '-', '--older-than', '0', '--yes'], 'a\r\n', 2, 'key_list'],
    ['a list from standard input that is to be asked about', ['--keys-from', '-', '--older-than', '0'], 'a\n', 2, null],
    ['a list that is not there', ['--keys-from', 'none', '--older-than', '0', '--yes'], '', 66, null],
    ['--null without a list', ['--null', '--older-than', '0', '--yes'], '', 2, null],
    ['a list and versions', ['--keys-from', 'x', '--versions', '--older-than', '0', '--yes'], '', 2, null],
    ['an empty pattern', ['--include', '', '--older-than', '0', '--yes'], '', 2, null],
    ['sizes that nothing has', ['--min-size', '2B', '--max-size', '1B', '--older-than', '0', '--yes'], '', 2, null],
    ['no listing at all', ['--list-concurrency', '0', '--older-than', '0', '--yes'], '', 2, null],
  ])('refuses %s', async (_what, flags, input, status, reason) => {
    await using stage = await createStage();
    const ended = await stage.program.run(['sweep', 's3://bucket/tmp/', ...flags, '--json'], { input });
    expect(ended.status).toBe(status);
    if (reason !== null) expect(readDocument(ended).error).toMatchObject({ reason });
    expect(stage.sandbox.requests()).toEqual([]);
  });
});
