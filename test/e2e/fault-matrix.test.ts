import { randomBytes } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import Get from '../../src/commands/get.ts';
import Put from '../../src/commands/put.ts';
import { runInProcess, type EndedInProcess } from '../support/in-process.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

/**
 * What can happen to a transfer, times every kind of transfer: right bytes and status 0, or a failure with a code, with the old
 * file or object as it was, and no upload left. Never status 0 with other bytes.
 */
const KIB = 1024;
const MIB = 1024 * KIB;
const OLD = Buffer.from('precious');
const SMALL = randomBytes(64 * KIB);
const LARGE = randomBytes(11 * MIB);

/** Every status that a failure of one transfer may have: a bug (70) is none of them. */
const CODED = [3, 65, 66, 69, 73, 74, 75, 77, 78];

const SETTINGS = { BREAKWATER_RETRIES: '2', BREAKWATER_RETRY_BASE: '1ms' };
/** Of a stall nothing comes but the end of patience. */
const IMPATIENT = { BREAKWATER_STALL_TIMEOUT: '700ms', BREAKWATER_REQUEST_TIMEOUT: '700ms' };
/** Where all runs side by side on a busy machine, something may seem to stall once more. */
const PERSISTENT = { BREAKWATER_RETRIES: '5' };

let sandbox: TestSandbox;
/** What a cell does when its bucket has answered a request. */
const hooks = new Map<string, (operation: string) => void>();

beforeAll(async () => {
  sandbox = await startTestSandbox({
    onRequest: ({ bucket, operation }) => hooks.get(bucket)?.(operation ?? ''),
  });
  Object.assign(process.env, sandbox.env);
});
afterAll(async () => {
  await sandbox[Symbol.asyncDispose]();
});

/** A directory and a bucket of one cell alone, so that cells can run side by side. */
interface Cell extends AsyncDisposable {
  readonly directory: string;
  readonly bucket: string;
  readonly fault: (text: string) => number;
  readonly run: (
    command: typeof Put | typeof Get,
    argv: readonly string[],
    streams?: { stdin?: Readable; stdout?: Writable },
  ) => Promise<EndedInProcess>;
}

async function createCell(env: Readonly<Record<string, string>> = {}): Promise<Cell> {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-matrix-'));
  const bucket = `cell-${randomBytes(6).toString('hex')}`;
  sandbox.createBucket(bucket);
  const settings = { ...SETTINGS, ...sandbox.env, BREAKWATER_STATE_DIR: join(directory, 'state'), ...env };
  const faults: number[] = [];
  return {
    directory,
    bucket,
    fault: (text) => {
      const id = sandbox.addFault(`${text}:bucket=${bucket}`);
      faults.push(id);
      return id;
    },
    run: async (command, argv, streams = {}) =>
      await runInProcess(command, argv, { env: settings, home: directory, ...streams }),
    [Symbol.asyncDispose]: async () => {
      for (const id of faults) sandbox.removeFault(id);
      hooks.delete(bucket);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** How a transfer of some bytes went, and what is there now instead of the old. */
interface Outcome {
  readonly ended: EndedInProcess;
  /** What a reader finds where the transfer went: the old, the new, or something torn. */
  readonly found: Buffer | undefined;
  /** What is there beside: parts of an upload, a temporary file. */
  readonly leftovers: readonly string[];
  /** The other objects of a tree that have arrived. */
  readonly neighbours: readonly string[];
}

interface Transfer {
  readonly name: string;
  /** The requests that carry the bytes. */
  readonly carrier: 'PutObject' | 'UploadPart' | 'GetObject';
  readonly body: Buffer;
  readonly run: (cell: Cell) => Promise<Outcome>;
}

/** Other objects of a tree: what happens to one must not happen to them. */
const NEIGHBOURS = ['a', 'z/z'];

function put(name: string, { body, isPiped }: { body: Buffer; isPiped: boolean }): Transfer {
  const run = async ({ directory, bucket, run: runCommand }: Cell): Promise<Outcome> => {
    const file = join(directory, 'file');
    await writeFile(file, body);
    sandbox.putObject(bucket, 'key', { body: OLD });
    const stdin = isPiped ? { stdin: Readable.from(slices(body)) } : {};
    const ended = await runCommand(Put, ['--part-size', '5MiB', isPiped ? '-' : file, `s3://${bucket}/key`], stdin);
    const leftovers = Array.from({ length: sandbox.openUploads(bucket) }, () => 'an upload');
    return { ended, found: sandbox.read(bucket, 'key'), leftovers, neighbours: [] };
  };
  return { name, carrier: body === SMALL ? 'PutObject' : 'UploadPart', body, run };
}

function get(name: string, { body, to }: { body: Buffer; to: 'file' | 'stdout' | 'tree' }): Transfer {
  const run = async ({ directory, bucket, run: runCommand }: Cell): Promise<Outcome> => {
    sandbox.putObject(bucket, 't/key', { body });
    if (to === 'tree') for (const key of NEIGHBOURS) sandbox.putObject(bucket, `t/${key}`, { body: key });
    const target = join(directory, 'target');
    await mkdir(target, { recursive: true });
    await writeFile(join(target, 'key'), OLD);
    const ranges = ['--part-size', '1MiB'];
    if (to === 'stdout') {
      const ended = await runCommand(Get, [...ranges, `s3://${bucket}/t/key`, '-']);
      return { ended, found: ended.status === 0 ? ended.stdout : OLD, leftovers: [], neighbours: [] };
    }
    const source = to === 'tree' ? ['-r', `s3://${bucket}/t/`, target] : [`s3://${bucket}/t/key`, join(target, 'key')];
    const ended = await runCommand(Get, [...ranges, ...source]);
    const found = await readFile(join(target, 'key'));
    const entries = await readdir(target, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(target, join(entry.parentPath, entry.name)));
    const isNeighbour = (file: string): boolean => to === 'tree' && NEIGHBOURS.includes(file);
    return {
      ended,
      found,
      leftovers: files.filter((file) => file !== 'key' && !isNeighbour(file)),
      neighbours: files.filter(isNeighbour).toSorted(),
    };
  };
  return { name, carrier: 'GetObject', body, run };
}

const DOWNLOADS: readonly Transfer[] = [
  get('get small', { body: SMALL, to: 'file' }),
  get('get large', { body: LARGE.subarray(0, 3.5 * MIB), to: 'file' }),
  get('get small to stdout', { body: SMALL, to: 'stdout' }),
  get('get large to stdout', { body: LARGE.subarray(0, 3.5 * MIB), to: 'stdout' }),
  get('get -r small', { body: SMALL, to: 'tree' }),
  get('get -r large', { body: LARGE.subarray(0, 3.5 * MIB), to: 'tree' }),
];
const LARGE_UPLOADS: readonly Transfer[] = [
  put('put large', { body: LARGE, isPiped: false }),
  put('put large from stdin', { body: LARGE, isPiped: true }),
];
const TRANSFERS: readonly Transfer[] = [
  put('put small', { body: SMALL, isPiped: false }),
  put('put small from stdin', { body: SMALL, isPiped: true }),
  ...LARGE_UPLOADS,
  ...DOWNLOADS,
];

const EFFECTS = ['reset', 'lost', 'truncate', 'stall', 'corrupt', '500:InternalError', '503:SlowDown'] as const;

/** What holds of every cell, whatever happened. */
function expectWhole({ ended, found, leftovers }: Outcome, body: Buffer): void {
  expect(leftovers, ended.stderr).toEqual([]);
  if (ended.status === 0) expect(found?.equals(body), 'status 0, and other bytes').toBe(true);
  else {
    expect(CODED, ended.stderr).toContain(ended.status);
    expect(ended.stderr).toMatch(/^error/m);
    // An upload whose every answer was lost may have arrived: then it is there whole.
    expect(found?.equals(OLD) === true || found?.equals(body) === true, 'a torn file or object').toBe(true);
  }
}

/** Each in memory of its own, as a pipe's chunks are: it is given back once it has been read. */
async function* slices(body: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < body.length; start += 64 * KIB) {
    yield await Promise.resolve(Buffer.from(body.subarray(start, start + 64 * KIB)));
  }
}

/** A disk of 2 MiB. */
function mountSmall(path: string): boolean {
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', path]).status === 0;
  if (!isMounted) console.log('skipped: a full disk needs a tmpfs, which cannot be mounted here');
  return isMounted;
}

function cross<A, B>(these: readonly A[], those: readonly B[]): readonly (readonly [A, B])[] {
  return these.flatMap((one) => those.map((other) => [one, other] as const));
}

describe.concurrent('once', () => {
  it.each(cross(EFFECTS, TRANSFERS).map(([effect, transfer]) => [effect, transfer.name, transfer] as const))(
    '%s: %s brings the right bytes',
    async (effect, _name, transfer) => {
      await using cell = await createCell(effect === 'stall' ? { ...IMPATIENT, ...PERSISTENT } : {});
      cell.fault(`${transfer.carrier}:${effect}:times=1:key=${transfer.carrier === 'GetObject' ? 't/key' : 'key'}`);
      const outcome = await transfer.run(cell);
      expectWhole(outcome, transfer.body);
      // What went into a pipe cannot be taken back, but it is told that it is wrong.
      const isTooLate = effect === 'corrupt' && transfer.name.endsWith('to stdout');
      expect(outcome.ended.status, outcome.ended.stderr).toBe(isTooLate ? 65 : 0);
    },
  );
});

describe.concurrent('for ever', () => {
  it.each(cross(EFFECTS, TRANSFERS).map(([effect, transfer]) => [effect, transfer.name, transfer] as const))(
    '%s: %s fails with a code, and nothing is torn or left',
    async (effect, _name, transfer) => {
      await using cell = await createCell(effect === 'stall' ? IMPATIENT : {});
      cell.fault(`${transfer.carrier}:${effect}:key=${transfer.carrier === 'GetObject' ? 't/key' : 'key'}`);
      const outcome = await transfer.run(cell);
      expectWhole(outcome, transfer.body);
      expect(outcome.ended.status).not.toBe(0);
      if (transfer.name.startsWith('get -r')) expect(outcome.neighbours).toEqual(NEIGHBOURS);
    },
  );
});

describe.concurrent('a 503 once, on every request in turn,', () => {
  const large = TRANSFERS.filter(({ body }) => body !== SMALL);
  it.each(large.map((transfer) => [transfer.name, transfer] as const))('does not stop %s', async (_name, transfer) => {
    for (let skip = 0, hits = 1; hits > 0; skip += 1) {
      await using cell = await createCell();
      const id = cell.fault(`*:503:SlowDown:times=1:skip=${skip}`);
      const outcome = await transfer.run(cell);
      hits = sandbox.faults().find((fault) => fault.id === id)?.hits ?? 0;
      expectWhole(outcome, transfer.body);
      expect(outcome.ended.status, `request ${skip + 1}: ${outcome.ended.stderr}`).toBe(0);
      // Parts, and a request before and after them; ranges of 1 MiB.
      if (hits === 0) expect(skip).toBeGreaterThanOrEqual(transfer.carrier === 'UploadPart' ? 5 : 4);
    }
  });
});

describe.concurrent('the end of an upload in parts', () => {
  it.each(
    cross(
      [
        ['a 200 with an error in it, once', 'CompleteMultipartUpload:200:InternalError:times=1', 0],
        ['a 200 with an error in it, always', 'CompleteMultipartUpload:200:InternalError', 69],
        ['NoSuchUpload after a Complete that had worked', 'CompleteMultipartUpload:lost:times=1', 0],
        ['a 200 of a proxy, once', 'CompleteMultipartUpload:html:times=1', 0],
        ['an upload that cannot be begun', 'CreateMultipartUpload:500:InternalError', 69],
      ] as const,
      LARGE_UPLOADS,
    ).map(([[what, fault, status], transfer]) => [what, transfer.name, { fault, status, transfer }] as const),
  )('%s: %s', async (_what, _name, { fault, status, transfer }) => {
    await using cell = await createCell();
    cell.fault(fault);
    const outcome = await transfer.run(cell);
    expectWhole(outcome, transfer.body);
    expect(outcome.ended.status, outcome.ended.stderr).toBe(status);
  });
});

describe.concurrent('what changes on the way', () => {
  it.each(DOWNLOADS.map((transfer) => [transfer.name, transfer] as const))(
    'an object replaced after the first answer is an error, never a mix: %s',
    async (_name, transfer) => {
      await using cell = await createCell();
      const newer = randomBytes(transfer.body.length);
      cell.fault('GetObject:truncate:times=1:key=t/key');
      let isReplaced = false;
      hooks.set(cell.bucket, (operation) => {
        if (operation !== 'GetObject' || isReplaced) return;
        const wasHit = sandbox.faults().some(({ text, hits }) => text.includes(cell.bucket) && hits > 0);
        if (!wasHit) return;
        isReplaced = true;
        sandbox.putObject(cell.bucket, 't/key', { body: newer });
      });
      const outcome = await transfer.run(cell);
      expectWhole(outcome, transfer.body);
      expect(isReplaced).toBe(true);
      expect(outcome.ended.stderr).toContain('object_changed');
      expect(outcome.ended.status).toBe(transfer.name.includes('-r') ? 3 : 65);
      expect(outcome.found?.equals(OLD)).toBe(true);
    },
  );

  it('a file that grows while it is sent is an error, and no object', async () => {
    await using cell = await createCell();
    hooks.set(cell.bucket, (operation) => {
      if (operation === 'UploadPart') void appendFile(join(cell.directory, 'file'), 'more');
    });
    const outcome = await LARGE_UPLOADS[0]!.run(cell);
    expectWhole(outcome, LARGE);
    expect([outcome.ended.status, outcome.found?.equals(OLD)]).toEqual([74, true]);
  });
});

describe('a full disk', () => {
  it.each(
    (['get large', 'get -r large'] as const).map(
      (name) => [name, DOWNLOADS.find((transfer) => transfer.name === name)!] as const,
    ),
  )('%s fails with a code, and the old file stays', async (name, transfer) => {
    await using cell = await createCell();
    const target = join(cell.directory, 'target');
    await mkdir(target);
    if (!mountSmall(target)) return;
    try {
      const outcome = await transfer.run(cell);
      expectWhole(outcome, transfer.body);
      expect(outcome.ended.stderr).toMatch(/ENOSPC/);
      expect(outcome.ended.status).toBe(name.includes('-r') ? 3 : 74);
    } finally {
      spawnSync('umount', [target]);
    }
  });

  it('where standard output goes is an error of this machine', async () => {
    await using cell = await createCell();
    sandbox.putObject(cell.bucket, 'key', { body: SMALL });
    const stdout = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })),
    });
    const ended = await cell.run(Get, [`s3://${cell.bucket}/key`, '-'], { stdout });
    expect([ended.status, /ENOSPC.*local_io/.test(ended.stderr)]).toEqual([74, true]);
  });

  it('for the local state does not stop a put', async () => {
    const state = await mkdtemp(join(tmpdir(), 'breakwater-full-'));
    try {
      if (!mountSmall(state)) return;
      spawnSync('dd', ['if=/dev/zero', `of=${state}/filler`, 'bs=1k', 'count=2048']);
      await using cell = await createCell({ BREAKWATER_STATE_DIR: state });
      const outcome = await LARGE_UPLOADS[0]!.run(cell);
      expectWhole(outcome, LARGE);
      expect(outcome.ended.status, outcome.ended.stderr).toBe(0);
      expect(outcome.ended.stderr).toMatch(/^warning/m);
    } finally {
      spawnSync('umount', [state]);
      await rm(state, { recursive: true });
    }
  });
});
