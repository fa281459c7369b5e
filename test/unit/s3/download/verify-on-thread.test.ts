import { closeSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { DIGEST_ALGORITHMS, type DigestAlgorithm } from '../../../../src/s3/checksum/algorithms.ts';
import { CompositeDigest } from '../../../../src/s3/checksum/composite-digest.ts';
import type { ExpectedChecksum } from '../../../../src/s3/checksum/expected-checksum.ts';
import { DigestThreads } from '../../../../src/s3/checksum/thread/digest-threads.ts';
import { FollowingCheck, type InOrderCheck } from '../../../../src/s3/download/verify-in-order.ts';
import { openInOrderCheck, THREAD_BYTES_MIN } from '../../../../src/s3/download/verify-on-thread.ts';
import { createFakeThreads } from '../../../support/fake-threads.ts';

const MIB = 1024 * 1024;
const BYTES = Buffer.alloc(6 * MIB + 3, 'every byte is verified');
const PATH = join(tmpdir(), `verify-on-thread-${String(process.pid)}`);
writeFileSync(PATH, BYTES);
const descriptor = openSync(PATH, 'r+');
const threads = new DigestThreads({ count: () => 1 });
const reads: number[] = [];

/** The file, and which of its bytes this thread has read back. */
const TARGET = {
  descriptor,
  readBack: async (buffer: Uint8Array, offset: number): Promise<number> => {
    reads.push(offset);
    return await Promise.resolve(readSync(descriptor, buffer, 0, buffer.byteLength, offset));
  },
};

beforeEach(() => {
  reads.length = 0;
  writeSync(descriptor, BYTES, 0, BYTES.byteLength, 0);
});

afterAll(() => {
  threads.close();
  closeSync(descriptor);
  rmSync(PATH);
});

/** Changes one bit in the middle of the file. */
function damage(): void {
  const at = BYTES.byteLength >> 1;
  writeSync(descriptor, Uint8Array.of((BYTES[at] ?? 0) ^ 1), 0, 1, at);
}

async function expectedOf(algorithm: DigestAlgorithm, partSizes: readonly number[] = []): Promise<ExpectedChecksum> {
  const kind = { algorithm, parts: partSizes.length === 0 ? null : partSizes.length + 1 };
  const digest = new CompositeDigest(kind, partSizes);
  digest.update(BYTES);
  return { ...kind, value: await digest.value() };
}

function open(
  expected: ExpectedChecksum,
  {
    among = threads,
    partSizes = [],
    signal = new AbortController().signal,
  }: { among?: DigestThreads; partSizes?: readonly number[]; signal?: AbortSignal } = {},
): InOrderCheck {
  const options = { expected, partSizes, sizeBytes: THREAD_BYTES_MIN, target: TARGET, threads: among, signal };
  return openInOrderCheck(options);
}

describe('a large file', () => {
  const KINDS = DIGEST_ALGORITHMS.flatMap((algorithm) => [
    { algorithm, partSizes: [] },
    { algorithm, partSizes: [5 * MIB, MIB] },
  ]);

  it.each(KINDS)('is verified by $algorithm on another thread, in parts of $partSizes', async (kind) => {
    const check = open(await expectedOf(kind.algorithm, kind.partSizes), kind);
    check.advance(5 * MIB);
    expect([await check.matches(BYTES.byteLength), await check.matches(BYTES.byteLength)]).toEqual([true, true]);
    expect(reads).toEqual([]);
  });

  it.each(KINDS)('damaged in its middle is found by $algorithm, in parts of $partSizes', async (kind) => {
    const check = open(await expectedOf(kind.algorithm, kind.partSizes), kind);
    damage();
    expect(await check.matches(BYTES.byteLength)).toBe(false);
    check.restart();
    writeSync(descriptor, BYTES, 0, BYTES.byteLength, 0);
    expect([await check.matches(BYTES.byteLength), reads]).toEqual([true, []]);
  });

  it('is digested on this thread if it is small, has no descriptor, or there is no thread', async () => {
    const options = { expected: await expectedOf('md5'), partSizes: [], signal: new AbortController().signal, threads };
    const large = { ...options, sizeBytes: THREAD_BYTES_MIN, target: TARGET };
    const checks = [
      openInOrderCheck({ ...large, sizeBytes: THREAD_BYTES_MIN - 1 }),
      openInOrderCheck({ ...large, target: { readBack: TARGET.readBack } }),
      openInOrderCheck({ ...large, target: { readBack: null, descriptor } }),
      openInOrderCheck({ ...large, threads: null }),
      openInOrderCheck({ ...large, threads: new DigestThreads({ count: () => 0 }) }),
    ];
    for (const check of checks) expect(check).toBeInstanceOf(FollowingCheck);
  });
});

describe('a thread that ends', () => {
  const MOMENTS = ['before the first byte', 'while bytes arrive', 'after the last byte'] as const;

  it.each(
    MOMENTS.flatMap((moment) => [
      { moment, isDamaged: false },
      { moment, isDamaged: true },
    ]),
  )('$moment never means that a file is verified: damaged $isDamaged', async ({ moment, isDamaged }) => {
    const { started, among } = createFakeThreads();
    const check = open(await expectedOf('md5'), { among });
    if (isDamaged) damage();
    await new Promise(setImmediate);
    const end = (): unknown => started[0]?.emit('exit', 1);
    if (moment === 'before the first byte') end();
    check.advance(5 * MIB);
    if (moment === 'while bytes arrive') end();
    check.advance(6 * MIB);
    const verdict = check.matches(BYTES.byteLength);
    end();
    expect(await verdict).toBe(!isDamaged);
    expect(reads.length).toBeGreaterThan(0);
    check.restart();
    writeSync(descriptor, BYTES, 0, BYTES.byteLength, 0);
    expect(await check.matches(BYTES.byteLength)).toBe(true);
  });

  it('is waited for until the transfer is stopped', async () => {
    const { among } = createFakeThreads();
    const stop = new AbortController();
    const check = open(await expectedOf('md5'), { among, signal: stop.signal });
    const verdict = check.matches(BYTES.byteLength);
    stop.abort(new Error('interrupted'));
    await expect(verdict).rejects.toThrow('interrupted');
  });

  it('is not needed any more once the check is closed', async () => {
    const { started, among } = createFakeThreads();
    const check = open(await expectedOf('md5'), { among });
    await new Promise(setImmediate);
    check.close();
    expect(started[0]?.requests.map(({ kind }) => kind)).toEqual(['open', 'drop']);
    expect(started[0]?.isHolding).toBe(false);
  });
});
