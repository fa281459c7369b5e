import { createHash } from 'node:crypto';
import { Crc32cJs, Crc64NvmeJs } from '@aws-sdk/checksums/crc';
import { describe, expect, it } from 'vitest';
import { crc32c, crc64nvme } from '../../../src/sandbox/protocol/crc.ts';

/** Bytes without a pattern, the same in every run. */
function makeBytes(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state & 255;
  });
}

const CRCS = [
  ['crc32c', crc32c, Crc32cJs, 8],
  ['crc64nvme', crc64nvme, Crc64NvmeJs, 16],
] as const;

describe.each(CRCS)('%s', (_name, ours, Theirs, digits) => {
  it('equals that of the SDK for every length around a slice', async () => {
    const bytes = makeBytes(70);
    for (let length = 0; length <= bytes.length; length += 1) {
      const part = bytes.subarray(0, length);
      const theirs = new Theirs();
      theirs.update(part);
      const expected = Buffer.from(await theirs.digest()).toString('hex');
      expect(ours(part).toString(16).padStart(digits, '0'), `${length} bytes`).toBe(expected);
    }
  });

  it('takes a small multiple of the time of a SHA-256', () => {
    const bytes = Buffer.alloc(4 * 1024 * 1024, 'breakwater');
    const fastest = (run: () => unknown) => Math.min(...[1, 2, 3].map(() => measureMs(run)));
    const hashMs = fastest(() => createHash('sha256').update(bytes).digest());
    // Byte by byte with big integers it took 250 times as long.
    expect(fastest(() => ours(bytes))).toBeLessThan(40 * hashMs);
  });
});

/** CPU time: other processes do not count. */
function measureMs(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
