import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineCrcs } from '../../../../src/s3/checksum/combine-crcs.ts';
import { computeChecksum } from '../../../../src/sandbox/protocol/checksum.ts';

const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 6 });

describe('combineCrcs', () => {
  it.each(['crc32', 'crc32c', 'crc64nvme'] as const)('gives the %s of the whole, however it was cut', (name) => {
    fc.assert(
      fc.property(pieces, (cut) => {
        const buffers = cut.map((bytes) => Buffer.from(bytes));
        const parts = buffers.map((bytes) => ({
          checksum: computeChecksum(name, bytes),
          sizeBytes: bytes.length,
        }));
        expect(combineCrcs(name, parts)).toBe(computeChecksum(name, Buffer.concat(buffers)));
      }),
      { numRuns: 100 },
    );
  });

  it('combines 10,000 parts of 8 MiB without reading them', () => {
    const part = { checksum: computeChecksum('crc32', Buffer.from('any')), sizeBytes: 8 * 1024 * 1024 };
    const parts = Array.from({ length: 10_000 }, () => part);
    // Combined in two ways: one after the other, and as two halves.
    const half = combineCrcs('crc32', parts.slice(5000));
    const halves = [half, half].map((checksum) => ({ checksum, sizeBytes: 5000 * part.sizeBytes }));
    expect(combineCrcs('crc32', halves)).toBe(combineCrcs('crc32', parts));
  });
});
