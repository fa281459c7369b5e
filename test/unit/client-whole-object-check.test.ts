import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeChecksum } from '../../src/sandbox/checksum.ts';
import { composeEtag } from '../../src/client/etag.ts';
import {
  DIGEST_ALGORITHMS,
  findPromise,
  WholeObjectCheck,
  type PromisedDigest,
} from '../../src/client/whole-object-check.ts';

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const META = { $metadata: {} };

type Algorithm = PromisedDigest['algorithm'];

function digest(algorithm: Algorithm, bytes: Uint8Array): string {
  if (algorithm === 'md5') return createHash('md5').update(bytes).digest('hex');
  // Held to another implementation: the sandbox has its own.
  if (algorithm === 'crc32c' || algorithm === 'crc64nvme') return computeChecksum(algorithm, Buffer.from(bytes));
  if (algorithm !== 'crc32') return createHash(algorithm).update(bytes).digest('base64');
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes));
  return checksum.toString('base64');
}

async function verify(promise: PromisedDigest, pieces: readonly Uint8Array[]): Promise<boolean> {
  const check = new WholeObjectCheck(promise);
  for (const piece of pieces) check.update(piece);
  return await check.isKept();
}

describe('findPromise', () => {
  it.each([
    ['an MD5 ETag', { ETag: `"${MD5}"` }, { algorithm: 'md5', expected: MD5 }],
    ['an MD5 ETag without quotes', { ETag: MD5 }, { algorithm: 'md5', expected: MD5 }],
    [
      'an MD5 ETag of an object that S3 encrypts with its own key',
      { ETag: `"${MD5}"`, ServerSideEncryption: 'AES256' as const },
      { algorithm: 'md5', expected: MD5 },
    ],
    [
      'sha256 before the rest',
      { ChecksumSHA256: 'S', ChecksumCRC32: 'C', ETag: MD5 },
      { algorithm: 'sha256', expected: 'S' },
    ],
    ['sha1', { ChecksumSHA1: 'S', ETag: MD5 }, { algorithm: 'sha1', expected: 'S' }],
    [
      'crc32 of the whole of a multipart object',
      { ChecksumCRC32: 'C', ChecksumType: 'FULL_OBJECT' as const, ETag: `"${MD5}-2"` },
      { algorithm: 'crc32', expected: 'C' },
    ],
    [
      'crc64nvme, which S3 keeps of every object, where the ETag is none',
      { ChecksumCRC64NVME: 'C', ChecksumType: 'FULL_OBJECT' as const, ETag: `"${MD5}-2"` },
      { algorithm: 'crc64nvme', expected: 'C' },
    ],
    [
      'an MD5 before checksums that have no native implementation',
      { ChecksumCRC64NVME: 'C', ChecksumCRC32C: 'D', ETag: `"${MD5}"` },
      { algorithm: 'md5', expected: MD5 },
    ],
    [
      'the ETag where the checksum is composite',
      { ChecksumSHA256: 'S-1', ETag: MD5 },
      { algorithm: 'md5', expected: MD5 },
    ],
  ])('takes %s', (_what, answer, expected) => {
    expect(findPromise({ ...answer, ...META })).toEqual(expected);
  });

  it.each([
    ['nothing', {}],
    ['the ETag of a multipart object', { ETag: `"${MD5}-2"` }],
    ['the ETag of a multipart object of one part', { ETag: `"${MD5}-1"` }],
    ['an ETag of another make', { ETag: '"0x8D9"' }],
    ['an ETag in capitals', { ETag: `"${MD5.toUpperCase()}"` }],
    ['a weak ETag', { ETag: `W/"${MD5}"` }],
    ['an object encrypted with a managed key', { ETag: `"${MD5}"`, ServerSideEncryption: 'aws:kms' as const }],
    ['an object encrypted with a customer key', { ETag: `"${MD5}"`, SSECustomerAlgorithm: 'AES256' }],
    ['a composite checksum', { ChecksumSHA256: 'abc-2', ETag: `"${MD5}-2"` }],
    ['a composite checksum that only its type tells', { ChecksumCRC32: 'abc', ChecksumType: 'COMPOSITE' as const }],
  ])('finds none in %s, so no alarm can be false', (_what, answer) => {
    expect(findPromise({ ...answer, ...META })).toBeNull();
  });

  it('never takes the ETag of an upload in parts for a promise', () => {
    const part = fc.uint8Array().map((bytes) => digest('md5', bytes));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 20 }), (etags) => {
        const ETag = composeEtag(etags);
        expect(ETag).not.toBeNull();
        expect(findPromise({ ETag: ETag ?? '', ...META })).toBeNull();
      }),
    );
  });
});

describe('WholeObjectCheck', () => {
  const algorithms = DIGEST_ALGORITHMS;
  const pieces = fc.array(fc.uint8Array(), { maxLength: 6 });

  it.each(algorithms)('keeps the promise by %s however the bytes are cut', async (algorithm) => {
    await fc.assert(
      fc.asyncProperty(pieces, async (cut) => {
        expect(await verify({ algorithm, expected: digest(algorithm, Buffer.concat(cut)) }, cut)).toBe(true);
      }),
    );
  });

  it.each(algorithms)('finds one changed bit by %s', async (algorithm) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.nat(7), async (bytes, at, bit) => {
        const expected = digest(algorithm, bytes);
        const changed = Uint8Array.from(bytes);
        changed[at % bytes.length]! ^= 1 << bit;
        expect(await verify({ algorithm, expected }, [changed])).toBe(false);
      }),
    );
  });

  it.each(algorithms)('forgets what came before a restart, by %s', async (algorithm) => {
    const bytes = Buffer.from('the object');
    const check = new WholeObjectCheck({ algorithm, expected: digest(algorithm, bytes) });
    check.update(Buffer.from('changed on its way'));
    expect(await check.isKept()).toBe(false);
    check.restart();
    check.update(bytes);
    expect(await check.isKept()).toBe(true);
  });
});
