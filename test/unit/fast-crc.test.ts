import { Crc32cJs, Crc64NvmeJs } from '@aws-sdk/checksums/crc';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createFastCrc, loadFastCrc, type FastCrc, type FastCrcName } from '../../src/fast-crc.ts';

const CRCS = [
  { name: 'crc32c', Slow: Crc32cJs, check: 'e3069283', ofNothing: '00000000' },
  { name: 'crc64nvme', Slow: Crc64NvmeJs, check: 'ae8b14860a799888', ofNothing: '0000000000000000' },
] as const;

function create(name: FastCrcName): FastCrc {
  const crc = createFastCrc(name);
  if (crc === null) throw new Error(`${name} is not loaded`);
  return crc;
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe.each(CRCS)('$name by WebAssembly', ({ name, Slow, check, ofNothing }) => {
  beforeAll(async () => {
    expect(createFastCrc(name)).toBeNull();
    await loadFastCrc(name);
  });

  const slow = async (bytes: Uint8Array): Promise<string> => {
    const crc = new Slow();
    crc.update(bytes);
    return toHex(await crc.digest());
  };

  it('has its check value, and that of no bytes', () => {
    const crc = create(name);
    crc.update(Buffer.from('123456789'));
    expect([toHex(crc.digest()), toHex(create(name).digest())]).toEqual([check, ofNothing]);
  });

  it('equals that of the SDK however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), async (pieces) => {
        const crc = create(name);
        for (const piece of pieces) crc.update(piece);
        expect(toHex(crc.digest())).toBe(await slow(Buffer.concat(pieces)));
      }),
    );
  });

  it('takes more bytes at a time than its memory holds', async () => {
    const bytes = Buffer.alloc(200_001, 'breakwater');
    const crc = create(name);
    crc.update(bytes);
    expect(toHex(crc.digest())).toBe(await slow(bytes));
  });

  it('keeps several objects apart that arrive at the same time', async () => {
    const bytes = fc.array(fc.tuple(fc.nat(2), fc.uint8Array({ maxLength: 50 })), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(bytes, async (arrivals) => {
        const crcs = [create(name), create(name), create(name)];
        for (const [object, piece] of arrivals) crcs[object]?.update(piece);
        for (const [object, crc] of crcs.entries()) {
          const own = arrivals.filter(([of]) => of === object).map(([, piece]) => piece);
          expect(toHex(crc.digest())).toBe(await slow(Buffer.concat(own)));
        }
      }),
    );
  });
});
