import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { DIGEST_ALGORITHMS } from '../../../../../src/s3/checksum/algorithms.ts';
import { CompositeDigest } from '../../../../../src/s3/checksum/composite-digest.ts';
import { DigestThreads } from '../../../../../src/s3/checksum/thread/digest-threads.ts';
import type { DigestJob } from '../../../../../src/s3/checksum/thread/digest-job.ts';
import type { DigestPlan } from '../../../../../src/s3/checksum/thread/thread-messages.ts';
import { createFakeThreads } from '../../../../support/fake-threads.ts';

const MIB = 1024 * 1024;
const BYTES = Buffer.alloc(9 * MIB + 17, 'breakwater is a command that runs for a second');
const PATH = join(tmpdir(), `digest-threads-${String(process.pid)}`);
writeFileSync(PATH, BYTES);
const descriptor = openSync(PATH, 'r');
const threads = new DigestThreads({ count: () => 1 });

afterAll(() => {
  threads.close();
  closeSync(descriptor);
  rmSync(PATH);
});

type Kind = Pick<DigestPlan, 'expected' | 'partSizes'>;

const KINDS = DIGEST_ALGORITHMS.flatMap((algorithm): readonly Kind[] => [
  { expected: { algorithm, parts: null }, partSizes: [] },
  { expected: { algorithm, parts: 1 }, partSizes: [] },
  { expected: { algorithm, parts: 3 }, partSizes: [4 * MIB, 4 * MIB] },
]);

async function digestHere({ expected, partSizes }: Kind, bytes: Uint8Array): Promise<string> {
  const digest = new CompositeDigest(expected, partSizes);
  digest.update(bytes);
  return await digest.value();
}

function open(plan: DigestPlan, among = threads): DigestJob {
  const job = among.open(plan);
  if (job === null) throw new Error('no thread');
  return job;
}

describe('a digest on another thread', () => {
  it.each(KINDS)('of a file is that of this thread: $expected', async (kind) => {
    const job = open({ ...kind, descriptor });
    for (let end = 0; end < BYTES.byteLength; end += MIB) job.advance(end);
    expect(await job.finish(BYTES.byteLength)).toBe(await digestHere(kind, BYTES));
  });

  it('is the same whatever the parts are, and while others are computed', async () => {
    const cuts = fc.array(fc.array(fc.nat(MIB), { maxLength: 5 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.constantFrom(...DIGEST_ALGORITHMS), async (objects, algorithm) => {
        const kinds = objects.map((partSizes): Kind => ({
          expected: { algorithm, parts: partSizes.length + 1 },
          partSizes,
        }));
        const jobs = kinds.map((kind) => open({ ...kind, descriptor }));
        for (const [index, kind] of kinds.entries()) {
          expect(await jobs[index]?.finish(BYTES.byteLength)).toBe(await digestHere(kind, BYTES));
        }
      }),
      { numRuns: 10 },
    );
  });

  it('fails for a file that ends early, and other jobs go on', async () => {
    const kind: Kind = { expected: { algorithm: 'md5', parts: null }, partSizes: [] };
    const [cut, other] = [open({ ...kind, descriptor }), open({ ...kind, descriptor })];
    expect([await cut.finish(BYTES.byteLength + 1), cut.hasFailed]).toEqual([null, true]);
    expect(await other.finish(BYTES.byteLength)).toBe(await digestHere(kind, BYTES));
  });

  it('says nothing of what was dropped', async () => {
    const job = open({ expected: { algorithm: 'md5', parts: null }, partSizes: [], descriptor });
    const value = job.finish(BYTES.byteLength);
    job.drop();
    job.drop();
    expect([await value, job.hasFailed]).toEqual([null, false]);
  });
});

const MD5: DigestPlan = { expected: { algorithm: 'md5', parts: null }, partSizes: [], descriptor };

describe('a thread', () => {
  it('is not used where there may be none', () => {
    expect(createFakeThreads({ count: 0 }).among.open(MD5)).toBeNull();
  });

  it.each(['error', 'exit', 'messageerror'])(
    'that ends with "%s" fails its jobs, and is not started again',
    async (event) => {
      const { started, among } = createFakeThreads();
      const job = open(MD5, among);
      job.advance(8 * MIB);
      const value = job.finish(BYTES.byteLength);
      await new Promise(setImmediate);
      started[0]?.emit(event, new Error('gone'));
      expect([await value, job.hasFailed, among.open(MD5)]).toEqual([null, true, null]);
      started[0]?.answer({ kind: 'value', id: 1, value: 'late' });
      expect(await job.finish(BYTES.byteLength)).toBeNull();
    },
  );

  it('that cannot be started fails its jobs', async () => {
    const among = new DigestThreads({ count: () => 1, start: async () => await Promise.reject(new Error('EAGAIN')) });
    const job = open(MD5, among);
    expect([await job.finish(0), job.hasFailed, among.open(MD5)]).toEqual([null, true, null]);
  });

  it('is started for a job that would wait, up to the limit', async () => {
    const { started, among } = createFakeThreads({ count: 2 });
    const jobs = [1, 2, 3].map(() => open(MD5, among));
    await new Promise(setImmediate);
    expect(started.length).toBe(2);
    jobs[1]?.drop();
    open(MD5, among);
    const opened = started.map(({ requests }) => requests.filter(({ kind }) => kind === 'open').length);
    expect(opened).toEqual([2, 2]);
  });

  it('keeps the process alive only while it has a job', async () => {
    const { started, among } = createFakeThreads();
    const job = open(MD5, among);
    await new Promise(setImmediate);
    const [thread] = started;
    const before = thread?.isHolding;
    job.drop();
    const between = thread?.isHolding;
    open(MD5, among);
    expect([before, between, thread?.isHolding]).toEqual([true, false, true]);
    among.close();
    expect([thread?.hasEnded, thread?.isHolding]).toEqual([true, false]);
  });
});
