import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineChecksums, computeChecksum } from '../../../../src/sandbox/protocol/checksum.ts';
import { composeEtag } from '../../../../src/s3/checksum/etag.ts';
import { DIGEST_ALGORITHMS, type DigestAlgorithm } from '../../../../src/s3/checksum/algorithms.ts';
import { FollowingCheck } from '../../../../src/s3/download/verify-in-order.ts';
import { CompositeDigest } from '../../../../src/s3/checksum/composite-digest.ts';
import { findExpected, type ExpectedChecksum } from '../../../../src/s3/checksum/expected-checksum.ts';

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const META = { $metadata: {} };

function digest(algorithm: DigestAlgorithm, bytes: Uint8Array): string {
  if (algorithm === 'md5') return createHash('md5').update(bytes).digest('hex');
  // Held to another implementation: the sandbox has its own.
  if (algorithm === 'crc32c' || algorithm === 'crc64nvme') return computeChecksum(algorithm, Buffer.from(bytes));
  if (algorithm !== 'crc32') return createHash(algorithm).update(bytes).digest('base64');
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes));
  return checksum.toString('base64');
}

async function verify(
  expected: ExpectedChecksum,
  pieces: readonly Uint8Array[],
  partSizes: readonly number[] = [],
): Promise<boolean> {
  const check = new CompositeDigest(expected, partSizes);
  for (const piece of pieces) check.update(piece);
  return (await check.value()) === expected.value;
}

/** Checksums in the form of their algorithm. */
const SHA256 = Buffer.alloc(32, 1).toString('base64');
const SHA1 = Buffer.alloc(20, 1).toString('base64');
const CRC = 'AAAAAQ==';
const CRC64 = 'AAAAAAAAAAE=';

const whole = (algorithm: DigestAlgorithm, expected: string): ExpectedChecksum => ({
  algorithm,
  value: expected,
  parts: null,
});

describe('findPromise', () => {
  it.each<[string, Omit<Parameters<typeof findExpected>[0], '$metadata'>, ExpectedChecksum]>([
    ['an MD5 ETag', { ETag: `"${MD5}"` }, whole('md5', MD5)],
    ['an MD5 ETag without quotes', { ETag: MD5 }, whole('md5', MD5)],
    [
      'an MD5 ETag of an object that S3 encrypts with its own key',
      { ETag: `"${MD5}"`, ServerSideEncryption: 'AES256' },
      whole('md5', MD5),
    ],
    ['crc32 before the rest', { ChecksumSHA256: SHA256, ChecksumCRC32: CRC, ETag: MD5 }, whole('crc32', CRC)],
    ['sha256 before an MD5', { ChecksumSHA256: SHA256, ETag: MD5 }, whole('sha256', SHA256)],
    ['sha1', { ChecksumSHA1: SHA1, ETag: MD5 }, whole('sha1', SHA1)],
    [
      'crc32 of the whole of a multipart object',
      { ChecksumCRC32: CRC, ChecksumType: 'FULL_OBJECT', ETag: `"${MD5}-2"` },
      whole('crc32', CRC),
    ],
    [
      'crc64nvme, which S3 keeps of every object, where the ETag is none',
      { ChecksumCRC64NVME: CRC64, ChecksumType: 'FULL_OBJECT', ETag: `"${MD5}-2"` },
      whole('crc64nvme', CRC64),
    ],
    [
      'crc32c before crc64nvme and an MD5, which take longer',
      { ChecksumCRC64NVME: CRC64, ChecksumCRC32C: CRC, ETag: `"${MD5}"` },
      whole('crc32c', CRC),
    ],
    [
      'crc64nvme before an MD5, which takes longer',
      { ChecksumCRC64NVME: CRC64, ETag: `"${MD5}"` },
      whole('crc64nvme', CRC64),
    ],
    [
      'the ETag of the whole before a checksum of parts',
      { ChecksumSHA256: `${SHA256}-2`, ETag: MD5 },
      whole('md5', MD5),
    ],
    [
      'the checksum of a single part, which needs no further request, before an MD5',
      { ChecksumSHA256: `${SHA256}-1`, ETag: MD5 },
      { algorithm: 'sha256', value: SHA256, parts: 1 },
    ],
    [
      'a composite checksum before the ETag of parts',
      { ChecksumCRC32C: `${CRC}-2`, ChecksumType: 'COMPOSITE', ETag: `"${MD5}-2"` },
      { algorithm: 'crc32c', value: CRC, parts: 2 },
    ],
    [
      'a composite checksum of a store that does not tell its type',
      { ChecksumSHA256: `${SHA256}-10000`, ETag: `"${MD5}-10000"` },
      { algorithm: 'sha256', value: SHA256, parts: 10_000 },
    ],
    [
      'the ETag before what is no checksum of its algorithm',
      { ChecksumSHA256: CRC, ChecksumCRC32: 'zz', ETag: MD5 },
      whole('md5', MD5),
    ],
    ['the ETag of parts', { ETag: `"${MD5}-7"` }, { algorithm: 'md5', value: MD5, parts: 7 }],
    [
      'the ETag of parts where the checksum contradicts itself',
      { ChecksumCRC32: CRC, ChecksumType: 'COMPOSITE', ETag: `"${MD5}-1"` },
      { algorithm: 'md5', value: MD5, parts: 1 },
    ],
  ])('takes %s', (_what, response, expected) => {
    expect(findExpected({ ...response, ...META })).toEqual(expected);
  });

  it.each<[string, Omit<Parameters<typeof findExpected>[0], '$metadata'>]>([
    ['nothing', {}],
    ['an ETag of no part', { ETag: `"${MD5}-0"` }],
    ['an ETag of more parts than S3 takes', { ETag: `"${MD5}-10001"` }],
    ['an ETag of another make', { ETag: '"0x8D9"' }],
    ['an ETag in capitals', { ETag: `"${MD5.toUpperCase()}"` }],
    ['a weak ETag', { ETag: `W/"${MD5}"` }],
    ['an object encrypted with a managed key', { ETag: `"${MD5}"`, ServerSideEncryption: 'aws:kms' }],
    ['one of parts encrypted with a managed key', { ETag: `"${MD5}-2"`, ServerSideEncryption: 'aws:kms' }],
    ['an object encrypted with a customer key', { ETag: `"${MD5}"`, SSECustomerAlgorithm: 'AES256' }],
    ['a composite checksum that only its type tells', { ChecksumCRC32: CRC, ChecksumType: 'COMPOSITE' }],
    ['a composite checksum that denies it', { ChecksumCRC32: `${CRC}-2`, ChecksumType: 'FULL_OBJECT' }],
  ])('finds none in %s, so no alarm can be false', (_what, response) => {
    expect(findExpected({ ...response, ...META })).toBeNull();
  });
});

describe('PromiseCheck', () => {
  const algorithms = DIGEST_ALGORITHMS;
  const pieces = fc.array(fc.uint8Array(), { maxLength: 6 });

  it.each(algorithms)('keeps the promise by %s however the bytes are cut', async (algorithm) => {
    await fc.assert(
      fc.asyncProperty(pieces, async (cut) => {
        expect(await verify(whole(algorithm, digest(algorithm, Buffer.concat(cut))), cut)).toBe(true);
      }),
    );
  });

  it.each(algorithms)('finds one changed bit by %s', async (algorithm) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.nat(7), async (bytes, at, bit) => {
        const expected = digest(algorithm, bytes);
        const changed = Uint8Array.from(bytes);
        changed[at % bytes.length]! ^= 1 << bit;
        expect(await verify(whole(algorithm, expected), [changed])).toBe(false);
      }),
    );
  });

  it.each(algorithms)('forgets what came before a restart, by %s', async (algorithm) => {
    const bytes = Buffer.from('the object');
    const expected = digest(algorithm, bytes);
    const check = new CompositeDigest(whole(algorithm, expected), []);
    check.update(Buffer.from('changed on its way'));
    expect(await check.value()).not.toBe(expected);
    check.restart();
    check.update(bytes);
    expect(await check.value()).toBe(expected);
  });
});

describe('a composite promise', () => {
  /** As the store computes it, which is another implementation. */
  function compose(algorithm: DigestAlgorithm, parts: readonly Buffer[]): ExpectedChecksum {
    const text =
      algorithm === 'md5'
        ? composeEtag(parts.map((part) => digest('md5', part)))!.replaceAll('"', '')
        : combineChecksums(algorithm, {
            whole: Buffer.concat(parts),
            parts: parts.map((part) => ({ algorithm, type: 'FULL_OBJECT', value: computeChecksum(algorithm, part) })),
            type: 'COMPOSITE',
          }).value;
    const [expected = '', count = ''] = text.split('-');
    return { algorithm, value: expected, parts: Number(count) };
  }
  const parts = fc.array(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    { minLength: 1, maxLength: 8 },
  );
  const sizesOf = (all: readonly Buffer[]): readonly number[] => all.slice(0, -1).map(({ byteLength }) => byteLength);

  it.each(DIGEST_ALGORITHMS)(
    'of %s is kept by any parts, however their bytes are cut on the way',
    async (algorithm) => {
      await fc.assert(
        fc.asyncProperty(parts, fc.integer({ min: 1, max: 50 }), async (all, chunkBytes) => {
          const bytes = Buffer.concat(all);
          const chunks = Array.from({ length: Math.ceil(bytes.byteLength / chunkBytes) }, (_, index) =>
            bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
          );
          expect(await verify(compose(algorithm, all), chunks, sizesOf(all))).toBe(true);
        }),
      );
    },
  );

  it.each(DIGEST_ALGORITHMS)('of %s is broken by one changed bit, or by a byte in another part', async (algorithm) => {
    const filled = parts.filter((all) => all.length > 1 && all.every(({ byteLength }) => byteLength > 0));
    await fc.assert(
      fc.asyncProperty(filled, fc.nat(), async (all, at) => {
        const expected = compose(algorithm, all);
        const bytes = Buffer.concat(all);
        const [first = 0, ...others] = sizesOf(all);
        expect(await verify(expected, [bytes], [first - 1, ...others])).toBe(false);
        bytes[at % bytes.byteLength]! ^= 1;
        expect(await verify(expected, [bytes], sizesOf(all))).toBe(false);
      }),
    );
  });

  it.each(DIGEST_ALGORITHMS)('of %s is kept in whichever order the pieces of a file arrive', async (algorithm) => {
    await fc.assert(
      fc.asyncProperty(parts, fc.integer({ min: 1, max: 30 }), fc.infiniteStream(fc.nat()), async (all, size, draw) => {
        const bytes = Buffer.concat(all);
        const file = Buffer.alloc(bytes.byteLength);
        const readBack = async (buffer: Uint8Array, offset: number) =>
          await Promise.resolve(file.copy(buffer, 0, offset));
        const check = new FollowingCheck(compose(algorithm, all), { partSizes: sizesOf(all), readBack });
        const left = Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_, index) => index * size);
        const missing = new Set(left);
        while (left.length > 0) {
          const [offset = 0] = left.splice(draw.next().value % left.length, 1);
          const piece = bytes.subarray(offset, offset + size);
          piece.copy(file, offset);
          missing.delete(offset);
          check.add([piece], offset);
          check.advance(Math.min(...missing, bytes.byteLength));
          if (draw.next().value % 2 === 0) await new Promise(setImmediate);
        }
        expect(await check.matches(bytes.byteLength)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
