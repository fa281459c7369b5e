import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleepMs } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { PATIENCE } from '../support/patience.ts';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const MIB = 1024 * 1024;

interface Stage extends AsyncDisposable {
  readonly sandbox: TestSandbox;
  readonly program: Program;
}

async function createStage(env: Readonly<Record<string, string>> = {}, options: SandboxOptions = {}): Promise<Stage> {
  const sandbox = await startTestSandbox(options);
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

describe('get', () => {
  it.each(['truncate', 'reset', 'corrupt', 'lost'])(
    'delivers the exact bytes to a file although the first two answers end by %s',
    async (effect) => {
      await using stage = await createStage();
      const { sandbox, program } = stage;
      const body = randomBytes(3 * MIB);
      sandbox.putObject('bucket', 'big', { body });
      sandbox.addFault(`GetObject:${effect}:times=2`);

      const ended = await program.run(['get', 's3://bucket/big', 'copy']);

      expect(ended.stderr).not.toMatch(/^error/m);
      expect(ended.status).toBe(0);
      expect((await readFile(program.path('copy'))).equals(body)).toBe(true);
      expect(sandbox.requests()).toHaveLength(3);
    },
  );

  it('delivers the exact bytes to standard output although the body is cut half way, twice', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    const body = randomBytes(3 * MIB);
    sandbox.putObject('bucket', 'big', { body });
    sandbox.addFault('GetObject:truncate:times=2');

    const ended = await program.run(['get', 's3://bucket/big', '-']);

    expect(ended.status).toBe(0);
    expect(ended.stdout.equals(body)).toBe(true);
    // Each further request asks for the rest only.
    expect(sandbox.requests().map(({ status }) => status)).toEqual([200, 206, 206]);
  });

  it('fails by status 65, and says that the output is not the object, when standard output got corrupt bytes', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    sandbox.putObject('bucket', 'big', { body: 'bytes' });
    sandbox.addFault('GetObject:corrupt');
    const ended = await program.run(['get', 's3://bucket/big', '-']);
    expect(ended.status).toBe(65);
    expect(ended.stderr).toMatch(/checksum_mismatch/);
  });

  it.each(['truncate', 'corrupt', '503:SlowDown', 'stall'])(
    'that keeps failing by %s leaves an existing file as it was, and nothing beside it',
    async (effect) => {
      await using stage = await createStage({ BREAKWATER_STALL_TIMEOUT: '200ms', BREAKWATER_RETRIES: '1' });
      const { sandbox, program } = stage;
      await mkdir(program.path('here'));
      await writeFile(program.path('here', 'copy'), 'precious');
      sandbox.putObject('bucket', 'big', { body: randomBytes(MIB) });
      sandbox.addFault(`GetObject:${effect}`);

      const ended = await program.run(['get', 's3://bucket/big', 'here/copy']);

      expect([65, 69]).toContain(ended.status);
      expect(await readFile(program.path('here', 'copy'), 'utf8')).toBe('precious');
      expect(await readdir(program.path('here'))).toEqual(['copy']);
    },
  );

  it('of a tree brings every object to its place, and exits 3 naming those that failed', async () => {
    await using stage = await createStage({ BREAKWATER_RETRIES: '0' });
    const { sandbox, program } = stage;
    for (const key of ['t/a', 't/b/c', 't/b/d', 'other']) sandbox.putObject('bucket', key, { body: key });
    sandbox.addFault('GetObject:403:AccessDenied:key=t/b/c');

    const ended = await program.run(['get', '-r', '--json', 's3://bucket/t/', 'out']);

    expect(ended.status).toBe(3);
    expect(readDocument(ended).error).toMatchObject({ code: 'partial' });
    expect(ended.stderr).toMatch(/t\/b\/c/);
    expect(await readFile(program.path('out', 'a'), 'utf8')).toBe('t/a');
    expect(await readFile(program.path('out', 'b', 'd'), 'utf8')).toBe('t/b/d');
    expect(await readdir(program.path('out', 'b'))).toEqual(['d']);
  });
});

describe('put', () => {
  it.each([
    ['an empty file', 0],
    ['a small file', 1000],
    ['a file of one part', 8 * MIB],
    ['a file of several parts', 21 * MIB + 1],
  ])('sends %s whole', async (_what, size) => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    const body = randomBytes(size);
    await writeFile(program.path('file'), body);
    const ended = await program.run(['put', '--json', 'file', 's3://bucket/key']);
    expect(ended.status).toBe(0);
    expect(readDocument(ended)).toMatchObject({ ok: true, bytes: size, bucket: 'bucket', key: 'key' });
    expect(sandbox.read('bucket', 'key')?.equals(body)).toBe(true);
  });

  it.each([
    ['nothing', 0],
    ['a few bytes', 7],
    ['more than a part', 17 * MIB],
  ])('sends standard input with %s, whatever its length', async (_what, size) => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    const body = randomBytes(size);
    const ended = await program.run(['put', '-', 's3://bucket/key'], { input: body });
    expect(ended.status).toBe(0);
    expect(sandbox.read('bucket', 'key')?.equals(body)).toBe(true);
  });

  it.each([
    'UploadPart:503:SlowDown:times=2',
    'UploadPart:reset:times=2',
    'CompleteMultipartUpload:200:InternalError:times=1',
    'CompleteMultipartUpload:lost:times=1',
    'CreateMultipartUpload:500:InternalError:times=1',
  ])('of several parts survives %s', async (fault) => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    const body = randomBytes(17 * MIB);
    await writeFile(program.path('file'), body);
    sandbox.addFault(fault);
    const ended = await program.run(['put', 'file', 's3://bucket/key']);
    expect(ended.stderr).not.toMatch(/^error/m);
    expect(ended.status).toBe(0);
    expect(sandbox.read('bucket', 'key')?.equals(body)).toBe(true);
    expect(sandbox.openUploads('bucket')).toBe(0);
  });

  it('that fails leaves neither an object nor parts behind', async () => {
    await using stage = await createStage({ BREAKWATER_RETRIES: '0' });
    const { sandbox, program } = stage;
    await writeFile(program.path('file'), randomBytes(17 * MIB));
    sandbox.addFault('UploadPart:500:InternalError:skip=1');
    const ended = await program.run(['put', 'file', 's3://bucket/key']);
    expect(ended.status).toBe(69);
    expect(sandbox.keys('bucket')).toEqual([]);
    expect(sandbox.openUploads('bucket')).toBe(0);
  });

  it('of a directory sends what is below it, with odd names', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    const names = ['plain', 'with space', 'grüße', '100%', 'a+b', '\u{1f600}', "quote'"];
    await mkdir(program.path('tree', 'sub'), { recursive: true });
    for (const name of names) await writeFile(program.path('tree', 'sub', name), name);
    const ended = await program.run(['put', '-r', 'tree/', 's3://bucket/to/']);
    expect(ended.stderr).not.toMatch(/^error/m);
    expect(ended.status).toBe(0);
    const md5 = (bytes: Buffer | string) => createHash('md5').update(bytes).digest('hex');
    for (const name of names) expect(md5(sandbox.read('bucket', `to/sub/${name}`)!)).toBe(md5(name));
  });
});

/** More would be in flight after so many further answers, if any more could be. */
const ANSWERS_AT_MOST = 20;
/** Something else is late by now, in ms. */
const FOLLOWED_WITHIN_MS = 100;

/** A sandbox's clock on which what a fault delays waits for its turn. */
function holdAnswers() {
  const held: (() => void)[] = [];
  const seen = { arrived: 0, most: 0 };
  const sleep = async (): Promise<void> =>
    await new Promise((resolve) => {
      seen.arrived += 1;
      seen.most = Math.max(seen.most, held.push(resolve));
    });
  return { held, seen, clock: { ...systemClock, sleep } };
}

describe('a run over many small objects', () => {
  /** Starts it over 1,600 objects, and kills it once so many requests wait for their answers; looks how many were most. */
  async function countInFlight(command: 'get' | 'put', { isAnswered, flags, most }: Flight): Promise<number> {
    const { held, seen, clock } = holdAnswers();
    await using stage = await createStage({}, { clock });
    const { sandbox, program } = stage;
    await mkdir(program.path('from'));
    for (let index = 0; index < 1600; index += 1) {
      await writeFile(program.path('from', `${index}`), 'x');
      sandbox.putObject('bucket', `t/${index}`, { body: 'x' });
    }
    for (const operation of ['GetObject', 'PutObject']) sandbox.addFault(`${operation}:latency:after=1ms`);
    const places = command === 'get' ? ['s3://bucket/t/', 'to'] : ['from/', 's3://bucket/to/'];
    const { child, ended } = program.start([command, '-r', ...flags, ...places]);
    // One answer at a time, and as long without one as the command was busy with it, however busy the machine is.
    for (let left = isAnswered ? ANSWERS_AT_MOST : 0; left > 0 && child.exitCode === null;) {
      if (seen.most >= most) left -= 1;
      const [startedAtMs, before] = [performance.now(), seen.arrived];
      held.shift()?.();
      while (seen.arrived === before && performance.now() - startedAtMs < FOLLOWED_WITHIN_MS) await sleepMs(1);
      await sleepMs(performance.now() - startedAtMs);
    }
    await vi.waitFor(() => expect(seen.most >= most || child.exitCode !== null).toBe(true), PATIENCE);
    child.kill('SIGTERM');
    await ended;
    for (const answer of held) answer();
    return seen.most;
  }

  it.each(['get', 'put'] as const)('of %s has 16 in flight while none has gone well', async (command) => {
    expect(await countInFlight(command, { isAnswered: false, flags: [], most: 16 })).toBe(16);
  });

  it.each([
    ['get', 256, []],
    ['put', 256, []],
    ['get', 40, ['--concurrency', '40']],
    ['get', 7, ['--concurrency', '7']],
  ] as const)('of %s gets to %i where a round trip takes time, and no further', async (command, most, flags) => {
    expect(await countInFlight(command, { isAnswered: true, flags, most })).toBe(most);
  });
});

interface Flight {
  /** False if no request is ever answered. */
  readonly isAnswered: boolean;
  readonly flags: readonly string[];
  readonly most: number;
}

describe('time limits', () => {
  it('end a request that is never answered, and the deadline ends the command', async () => {
    await using stage = await createStage({ BREAKWATER_REQUEST_TIMEOUT: '300ms', BREAKWATER_RETRIES: '1' });
    const { sandbox, program } = stage;
    sandbox.putObject('bucket', 'key', { body: 'x' });
    sandbox.addFault('GetObject:hang');
    const ended = await program.run(['get', '--json', 's3://bucket/key', 'copy']);
    expect(ended.status).toBe(69);
    expect(readDocument(ended).error).toMatchObject({ code: 'unavailable', reason: 'response_timeout', attempts: 2 });

    const late = await program.run([
      'get',
      '--json',
      '--deadline',
      '500ms',
      '--request-timeout',
      '30s',
      's3://bucket/key',
      'copy',
    ]);
    expect(late.status).toBe(75);
    expect(readDocument(late).error).toMatchObject({ code: 'deadline' });
    // Else it would have been the request's own limit that ended it.
    expect(late.durationMs).toBeLessThan(30_000);
  });

  it('a Retry-After that is longer than the backoff is waited for', async () => {
    await using stage = await createStage();
    const { sandbox, program } = stage;
    sandbox.putObject('bucket', 'key', { body: 'x' });
    sandbox.addFault('GetObject:503:ServiceUnavailable:times=1:retry-after=2');
    expect((await program.run(['get', 's3://bucket/key', 'copy'])).status).toBe(0);
    const [first, second] = sandbox.requests().map(({ atMs }) => atMs);
    expect(second! - first!).toBeGreaterThanOrEqual(1990);
  });
});
