import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import Get from '../../src/commands/get.ts';
import { runInProcess, type EndedInProcess } from '../support/in-process.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const MIB = 1024 * 1024;

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  Object.assign(process.env, sandbox.env);
});
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** A directory and a bucket of one test alone. */
interface Place extends AsyncDisposable {
  readonly bucket: string;
  readonly path: (...segments: readonly string[]) => string;
  readonly put: (key: string, body: string | Buffer) => void;
  readonly get: (...argv: readonly string[]) => Promise<EndedInProcess & { readonly json: Record<string, unknown> }>;
  /** Requests to this bucket so far, as `operation key`. */
  readonly asked: () => readonly string[];
}

async function createPlace(): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-get-'));
  const bucket = `get-${randomBytes(6).toString('hex')}`;
  sandbox.createBucket(bucket);
  const env = {
    ...sandbox.env,
    BREAKWATER_STATE_DIR: join(directory, 'state'),
    BREAKWATER_RETRY_BASE: '1ms',
    BREAKWATER_RETRIES: '1',
  };
  return {
    bucket,
    path: (...segments) => join(directory, ...segments),
    put: (key, body) => sandbox.putObject(bucket, key, { body }),
    get: async (...argv) => {
      const ended = await runInProcess(Get, argv, { env, home: directory });
      const text = ended.stdout.toString();
      return { ...ended, json: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {} };
    },
    asked: () =>
      sandbox
        .requests()
        .filter((request) => request.bucket === bucket)
        .map(({ operation, key }) => `${operation} ${key}`),
    [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true }),
  };
}

/** Every file below a directory, with slashes. */
async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .toSorted((a, b) => (a < b ? -1 : 1));
}

describe('get of one object', () => {
  it('restores the time at which it was stored, unless told not to', async () => {
    await using place = await createPlace();
    sandbox.putObject(place.bucket, 'k', { body: 'x', ageMs: 86_400_000 });
    await place.get(`s3://${place.bucket}/k`, place.path('kept'));
    await place.get('--no-keep-time', `s3://${place.bucket}/k`, place.path('fresh'));
    const [kept, fresh] = await Promise.all(
      ['kept', 'fresh'].map(async (name) => (await stat(place.path(name))).mtimeMs),
    );
    expect(fresh! - kept!).toBeGreaterThan(86_000_000);
  });

  it.each([
    ['0-3', '0123'],
    ['bytes=4-', '456789'],
    ['-2', '89'],
  ])('brings only the bytes of --range %s', async (range, expected) => {
    await using place = await createPlace();
    place.put('k', '0123456789');
    const { status, json } = await place.get('--json', `--range=${range}`, `s3://${place.bucket}/k`, place.path('f'));
    expect(status).toBe(0);
    expect(json).toMatchObject({ bytes: expected.length, verified_by: null });
    expect(await readFile(place.path('f'), 'utf8')).toBe(expected);
  });

  it.each(['5-4', 'x', '-', '-0', '1'])('refuses --range %s before anything is sent', async (range) => {
    await using place = await createPlace();
    expect((await place.get(`--range=${range}`, `s3://${place.bucket}/k`, place.path('f'))).status).toBe(2);
    expect(place.asked()).toEqual([]);
  });

  it('leaves a file with --no-clobber, and sends nothing', async () => {
    await using place = await createPlace();
    await writeFile(place.path('f'), 'mine');
    place.put('k', 'theirs');
    const { status, stderr } = await place.get('--no-clobber', `s3://${place.bucket}/k`, place.path('f'));
    expect(status).toBe(73);
    expect(stderr).toMatch(/exists/);
    expect(await readFile(place.path('f'), 'utf8')).toBe('mine');
    expect(place.asked()).toEqual([]);
    expect((await place.get('--no-clobber', '--fsync', `s3://${place.bucket}/k`, place.path('g'))).status).toBe(0);
    expect(await readFile(place.path('g'), 'utf8')).toBe('theirs');
  });

  it('only looks with --dry-run', async () => {
    await using place = await createPlace();
    place.put('k', 'four');
    const { status, json } = await place.get('--dry-run', '--json', `s3://${place.bucket}/k`, place.path('f'));
    expect(status).toBe(0);
    expect(json).toMatchObject({ dry_run: true, objects: 1, bytes: 4 });
    expect(place.asked()).toEqual(['HeadObject k']);
    expect((await place.get('--dry-run', `s3://${place.bucket}/none`, place.path('f'))).status).toBe(66);
  });

  it('fetches a large object by ranges of --part-size, each byte once', async () => {
    await using place = await createPlace();
    const body = randomBytes(5 * 1024 * 1024 + 3);
    place.put('k', body);
    const { json } = await place.get('--json', '--part-size=1MiB', `s3://${place.bucket}/k`, place.path('f'));
    expect(json).toMatchObject({ ok: true, bytes: body.byteLength, verified_by: 'md5' });
    expect((await readFile(place.path('f'))).equals(body)).toBe(true);
    expect(place.asked()).toHaveLength(6);
  });

  it.each([
    'with spaces',
    'we[ir]d*?',
    'q\'u"o\\te',
    'p+l%u#s&?',
    '\u{1f600}é',
    'e\u0301',
    'tab\tline\n',
    '//',
    '/lead',
    'a/../b',
    '.',
  ])('round trips the key %j to an explicit destination', async (key) => {
    await using place = await createPlace();
    place.put(key, key);
    const { status, stderr } = await place.get(`s3://${place.bucket}/${key}`, place.path('f'));
    expect([stderr, status]).toEqual([expect.any(String), 0]);
    expect(await readFile(place.path('f'), 'utf8')).toBe(key);
  });
});

describe('get of a version', () => {
  it('brings that one, whole, and says which it was', async () => {
    await using place = await createPlace();
    sandbox.keepVersions(place.bucket);
    for (const body of ['first', 'second']) place.put('k', body);
    const versions = sandbox.versions(place.bucket).map(({ versionId }) => versionId);
    for (const [index, body] of ['second', 'first'].entries()) {
      const argv = ['--json', `--version-id=${versions[index]}`, `s3://${place.bucket}/k`, place.path(body)];
      expect((await place.get(...argv)).json).toMatchObject({
        ok: true,
        version_id: versions[index],
        verified_by: 'md5',
      });
      expect(await readFile(place.path(body), 'utf8')).toBe(body);
    }
    const none = await place.get('--version-id=none', `s3://${place.bucket}/k`, place.path('f'));
    expect([66, 76]).toContain(none.status);
  });
});

describe('get of a large object that was cut', () => {
  const LARGE = randomBytes(70 * MIB);

  /** Gets a large object under a fault that no retry outlasts. */
  async function cut(place: Place, ...flags: readonly string[]): Promise<EndedInProcess> {
    place.put('k', LARGE);
    const fault = sandbox.addFault(`GetObject:truncate:bucket=${place.bucket}`);
    const ended = await place.get(...flags, `s3://${place.bucket}/k`, place.path('out', 'f'));
    sandbox.removeFault(fault);
    return ended;
  }

  it('goes on from what is there, and asks for nothing twice', async () => {
    await using place = await createPlace();
    const failed = await cut(place);
    expect(failed.status).toBe(69);
    expect(failed.stderr).toMatch(/run the command again to resume: \d+ MiB are stored here/);
    expect(await filesBelow(place.path('out'))).toEqual([expect.stringMatching(/^\.f\..*breakwater-part$/)]);

    const { status, json } = await place.get('--json', `s3://${place.bucket}/k`, place.path('out', 'f'));
    expect(status).toBe(0);
    expect(json).toMatchObject({ bytes: LARGE.byteLength, verified_by: 'md5' });
    expect(json['resumed_bytes']).toBeGreaterThan(1);
    expect(await filesBelow(place.path('out'))).toEqual(['f']);
    expect((await readFile(place.path('out', 'f'))).equals(LARGE)).toBe(true);
  });

  it('begins anew when the object was replaced', async () => {
    await using place = await createPlace();
    await cut(place);
    const other = randomBytes(65 * MIB);
    place.put('k', other);
    const { json } = await place.get('--json', `s3://${place.bucket}/k`, place.path('out', 'f'));
    expect(json).toMatchObject({ ok: true, bytes: other.byteLength, resumed_bytes: 0 });
    expect(await filesBelow(place.path('out'))).toEqual(['f']);
    expect((await readFile(place.path('out', 'f'))).equals(other)).toBe(true);
  });

  it('fetches all of it once more when what is there was changed', async () => {
    await using place = await createPlace();
    await cut(place);
    const [partial = ''] = await filesBelow(place.path('out'));
    const file = await open(place.path('out', partial), 'r+');
    await file.write(Buffer.from('changed on the disk'), 0, 19, 0);
    await file.close();
    const { status, json } = await place.get('--json', `s3://${place.bucket}/k`, place.path('out', 'f'));
    expect(status).toBe(0);
    expect(json).toMatchObject({ resumed_bytes: 0 });
    expect((await readFile(place.path('out', 'f'))).equals(LARGE)).toBe(true);
  });

  it('leaves nothing behind with --no-resume', async () => {
    await using place = await createPlace();
    expect((await cut(place, '--no-resume')).status).toBe(69);
    expect(await filesBelow(place.path('out'))).toEqual([]);
  });
});

describe('get of many objects', () => {
  it('takes those that --include and --exclude leave', async () => {
    await using place = await createPlace();
    for (const key of ['t/a.log', 't/b.txt', 't/sub/c.log', 't/sub/d.txt', 't/sub/skip/e.log']) place.put(key, key);
    const argv = [
      '-r',
      '--json',
      '--include=*.log',
      '--exclude=sub/skip/**',
      `s3://${place.bucket}/t/`,
      place.path('out'),
    ];
    expect((await place.get(...argv)).json).toMatchObject({ ok: true, objects: 2 });
    expect(await filesBelow(place.path('out'))).toEqual(['a.log', 'sub/c.log']);
  });

  it.each([
    ['logs/*.gz', ['a.gz', 'b.gz']],
    ['logs/**/*.gz', ['a.gz', 'b.gz', 'deep/c.gz']],
    ['logs/[ab].*', ['a.gz', 'b.gz']],
    ['logs/d?ep/*', ['deep/c.gz']],
  ])('takes what fits %s, as a shell would', async (pattern, expected) => {
    await using place = await createPlace();
    for (const key of ['logs/a.gz', 'logs/b.gz', 'logs/deep/c.gz', 'logs/x.txt', 'other/a.gz']) place.put(key, key);
    expect((await place.get(`s3://${place.bucket}/${pattern}`, place.path('out'))).status).toBe(0);
    expect(await filesBelow(place.path('out'))).toEqual(expected);
  });

  it('says not_found when nothing fits', async () => {
    await using place = await createPlace();
    place.put('logs/a.gz', 'x');
    expect((await place.get(`s3://${place.bucket}/logs/*.zip`, place.path('out'))).status).toBe(66);
    expect((await place.get('-r', `s3://${place.bucket}/none/`, place.path('out'))).status).toBe(66);
    expect((await place.get('-r', '--include=*.zip', `s3://${place.bucket}/`, place.path('out'))).status).toBe(66);
  });

  it('names keys that cannot be a path here, brings the others, and exits 3', async () => {
    await using place = await createPlace();
    const good = ['ok', 'with space/x', 'e\u0301', 'c:\\x', '-dash', '...'];
    const bad = ['../up', 'a//b', '/abs', 'x/../../y', './z', 'n'.repeat(256), 'ok/below'];
    for (const key of [...good, ...bad]) place.put(`t/${key}`, key);
    const { status, json } = await place.get('-r', '--json', `s3://${place.bucket}/t/`, place.path('out'));
    expect(status).toBe(3);
    const { failures } = json as { failures: { name: string; code: string }[] };
    expect(new Set(failures.map(({ name }) => name))).toEqual(
      new Set(bad.map((key) => `s3://${place.bucket}/t/${key}`)),
    );
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['local_create']));
    expect(new Set(await filesBelow(place.path('out')))).toEqual(new Set(good));
    expect(await filesBelow(place.path('.'))).toEqual(expect.not.arrayContaining(['up', 'y', 'b']));
  });

  it('does not follow a link below the destination that leads out of it', async () => {
    await using place = await createPlace();
    await mkdir(place.path('out', 'inner'), { recursive: true });
    await mkdir(place.path('elsewhere'));
    await symlink(place.path('elsewhere'), place.path('out', 'link'));
    await symlink(place.path('out', 'inner'), place.path('out', 'fine'));
    for (const key of ['link/x', 'link/new/y', 'fine/z', 'plain']) place.put(key, key);
    const { status, json } = await place.get('-r', '--json', `s3://${place.bucket}`, place.path('out'));
    expect(status).toBe(3);
    expect(json).toMatchObject({ objects: 2, failed: 2 });
    expect(await filesBelow(place.path('elsewhere'))).toEqual([]);
    expect(await readFile(place.path('out', 'inner', 'z'), 'utf8')).toBe('fine/z');
  });

  it('leaves what is here already, by size and time, and fetches what is not', async () => {
    await using place = await createPlace();
    for (const key of ['same', 'other-size', 'other-time'])
      sandbox.putObject(place.bucket, key, { body: key, ageMs: 60_000 });
    const argv = ['-r', '--json', `s3://${place.bucket}`, place.path('out')];
    expect((await place.get(...argv)).json).toMatchObject({ objects: 3, skipped: 0 });
    await writeFile(place.path('out', 'other-size'), 'grown, and of another size');
    await utimes(place.path('out', 'other-time'), 1, 1);
    expect((await place.get(...argv)).json).toMatchObject({ objects: 2, skipped: 1 });
    expect((await place.get('--again', ...argv)).json).toMatchObject({ objects: 3, skipped: 0 });
    expect((await place.get('--no-clobber', ...argv)).json).toMatchObject({ objects: 0, skipped: 3 });
  });

  it('stops at once when the circuit opens, and the next run does the rest only', async () => {
    await using place = await createPlace();
    for (let number = 100; number < 200; number += 1) place.put(`t/${number}`, String(number));
    const fault = sandbox.addFault(`GetObject:500:InternalError:bucket=${place.bucket}:skip=20`);
    const argv = ['-r', '--json', '--retries=0', `s3://${place.bucket}/t/`, place.path('out')];
    const cut = await place.get('--failure-threshold=3', ...argv);
    expect(cut.status).toBe(75);
    expect(cut.json).toMatchObject({ error: { code: 'circuit_open' } });
    const before = (await filesBelow(place.path('out'))).length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(100);

    sandbox.removeFault(fault);
    const rest = await place.get('--no-breaker', ...argv);
    expect(rest.json).toMatchObject({ ok: true, objects: 100 - before, skipped: before });
    expect(await filesBelow(place.path('out'))).toHaveLength(100);
  });

  it('only tells with --dry-run', async () => {
    await using place = await createPlace();
    for (const key of ['t/a', 't/../b']) place.put(key, 'four');
    const { json } = await place.get('-r', '--dry-run', '--json', `s3://${place.bucket}/t/`, place.path('out'));
    expect(json).toMatchObject({
      dry_run: true,
      objects: 2,
      bytes: 8,
      samples: [{ path: null }, { path: place.path('out', 'a') }],
    });
    expect(await filesBelow(place.path('out'))).toEqual([]);
  });

  it.each([['--version-id=x'], ['--range=0-1']])('refuses %s', async (flag) => {
    await using place = await createPlace();
    expect((await place.get('-r', flag, `s3://${place.bucket}/t/`, place.path('out'))).status).toBe(2);
  });
});
