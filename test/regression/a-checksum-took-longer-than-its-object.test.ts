/**
 * Met: a get of 256 MiB took 0.7 s with CRC-32 and 2.3 s with CRC-64/NVME, which S3 keeps of every object; a put of as
 * much to the sandbox took two minutes.
 * Cause: Node has neither CRC-32C nor CRC-64/NVME, and both were computed in JavaScript.
 * Fix: WebAssembly, and JavaScript only where there is none.
 */
import { Crc32cJs, Crc64NvmeJs } from '@aws-sdk/checksums/crc';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { crc32c, crc64nvme } from '../../src/sandbox/protocol/crc.ts';
import { computeChecksum } from '../../src/sandbox/protocol/checksum.ts';
import { createDigest, loadDigest } from '../../src/s3/checksum/digest.ts';

const BYTES = Buffer.alloc(2 * 1024 * 1024, 'breakwater');

/** The least CPU time of five runs, in ms: other processes do not count. */
function measureMs(run: () => unknown): number {
  return Math.min(
    ...[1, 2, 3, 4, 5].map(() => {
      const before = process.cpuUsage();
      run();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    }),
  );
}

const CRCS = [
  { algorithm: 'crc32c', Slow: Crc32cJs, ofSandbox: crc32c },
  { algorithm: 'crc64nvme', Slow: Crc64NvmeJs, ofSandbox: crc64nvme },
] as const;

afterEach(() => vi.unstubAllGlobals());

describe.each(CRCS)('$algorithm', ({ algorithm, Slow, ofSandbox }) => {
  it('is computed in JavaScript where there is no WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    vi.resetModules();
    const without = await import('../../src/s3/checksum/digest.ts');
    await without.loadDigest(algorithm);
    const digest = without.createDigest(algorithm);
    expect(digest).toBeInstanceOf(Slow);
    digest.update(Buffer.from('123456789'));
    const value = Buffer.from(await digest.digest()).toString('base64');
    expect(value).toBe(computeChecksum(algorithm, Buffer.from('123456789')));
  });

  it('takes half of the time of JavaScript at most, in get, put and sandbox', async () => {
    await loadDigest(algorithm);
    const slowMs = measureMs(() => new Slow().update(BYTES));
    expect(measureMs(() => createDigest(algorithm).update(BYTES))).toBeLessThan(slowMs / 2);
    expect(measureMs(() => computeChecksum(algorithm, BYTES))).toBeLessThan(measureMs(() => ofSandbox(BYTES)));
  });
});
