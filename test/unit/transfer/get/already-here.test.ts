import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlreadyHere, isSameTime } from '../../../../src/transfer/get/already-here.ts';
import type { ExpectedChecksum } from '../../../../src/s3/checksum/expected-checksum.ts';
import type { ObjectFacts } from '../../../../src/s3/download/download-request.ts';

const BODY = 'build 1';
const MD5 = createHash('md5').update(BODY).digest('hex');
const OTHER = createHash('md5').update('build 2').digest('hex');
/** The ETag of an object of one part. */
const ofOnePart = (md5: string): string => `"${createHash('md5').update(md5, 'hex').digest('hex')}-1"`;
/** What a HEAD states of its own accord: that of other bytes of the same length, and ours. */
const OTHER_CRC: ExpectedChecksum = { algorithm: 'crc64nvme', value: 'AAAAAAAAAAE=', parts: null };
const SHA256: ExpectedChecksum = {
  algorithm: 'sha256',
  value: createHash('sha256').update(BODY).digest('base64'),
  parts: null,
};
const T = 1_700_000_000_000;

interface Case {
  readonly why: string;
  readonly mtimeMs: number;
  readonly etag?: string;
  readonly writersMs?: number;
  readonly isEncrypted?: boolean;
  /** What a HEAD states. @default the MD5 in the ETag */
  readonly stated?: ExpectedChecksum;
  readonly isHere: boolean;
  readonly stats: number;
}

async function check({ mtimeMs, etag = `"${MD5}"`, writersMs, isEncrypted = false, stated }: Case) {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-'));
  const path = join(directory, 'file');
  await writeFile(path, BODY);
  let stats = 0;
  const md5 = /^"([0-9a-f]{32})"$/.exec(etag)?.[1];
  const facts: ObjectFacts = {
    etag,
    sizeBytes: BODY.length,
    modifiedMs: writersMs ?? T,
    isWritersTime: writersMs !== undefined,
    lastModifiedMs: null,
    contentType: null,
    versionId: null,
    expected: stated ?? (md5 === undefined || isEncrypted ? null : { algorithm: 'md5', value: md5, parts: null }),
  };
  const isHere = await isAlreadyHere(
    { path, size: BODY.length, mtimeMs, ctimeMs: T + 5000.25 },
    { sizeBytes: BODY.length, lastModifiedMs: T, etag },
    async () => {
      stats += 1;
      return await Promise.resolve(facts);
    },
  );
  await rm(directory, { recursive: true });
  return { isHere, stats };
}

describe('isAlreadyHere', () => {
  it.each<Case>([
    { why: 'its MD5 is that of the listing', mtimeMs: T, isHere: true, stats: 0 },
    { why: 'other bytes were stored in the same second', mtimeMs: T, etag: `"${OTHER}"`, isHere: false, stats: 1 },
    { why: 'only the second can tell', mtimeMs: T, etag: `"${OTHER}-2"`, isHere: true, stats: 1 },
    { why: 'its ETag is no MD5', mtimeMs: T, etag: `"${OTHER}"`, isEncrypted: true, isHere: true, stats: 1 },
    { why: 'its ETag is that of its one part', mtimeMs: T, etag: ofOnePart(MD5), isHere: true, stats: 0 },
    {
      why: 'other bytes were stored in the same second, by the CRC-64/NVME',
      mtimeMs: T,
      etag: `"${OTHER}"`,
      stated: OTHER_CRC,
      isHere: false,
      stats: 1,
    },
    {
      why: 'it has the SHA-256 that a HEAD states',
      mtimeMs: T,
      etag: `"${OTHER}"`,
      stated: SHA256,
      isHere: true,
      stats: 1,
    },
    { why: 'it is of another second', mtimeMs: T + 1000, isHere: false, stats: 1 },
    { why: 'it has the time of its writer', mtimeMs: T - 99.75, writersMs: T - 99.75, isHere: true, stats: 1 },
    {
      why: 'the writer has another time of the same second',
      mtimeMs: T - 99.75,
      writersMs: T - 99,
      isHere: false,
      stats: 1,
    },
    { why: 'the clock of its writer was ahead', mtimeMs: T + 9e6, writersMs: T + 9e6, isHere: true, stats: 1 },
    {
      why: 'the writer has another time, in the second of storing',
      mtimeMs: T,
      etag: `"${OTHER}-2"`,
      writersMs: T + 500,
      isHere: false,
      stats: 1,
    },
  ])('$isHere: $why', async ({ isHere, stats, ...given }) => {
    expect(await check({ ...given, isHere, stats })).toEqual({ isHere, stats });
  });
});

describe('isSameTime', () => {
  it.each([
    ['the same microsecond', 1000.123, 7000.5, 1000.1234, true],
    ['another microsecond', 1000.123, 7000.5, 1000.128, false],
    ['a whole second where the file system has finer times', 1000, 7000.5, 1000.5, false],
    ['a file system with whole seconds', 1000, 7000, 1900, true],
    ['a file system with units of 2 s', 2000, 8000, 3900, true],
    ['another unit of 2 s', 2000, 8000, 4000, false],
    ['a file system with units of 10 ms', 1230, 7110, 1239.5, true],
    ['another unit of 10 ms', 1230, 7110, 1240.5, false],
  ])('%s', (_what, mtimeMs, ctimeMs, ms, expected) => {
    expect(isSameTime({ mtimeMs, ctimeMs }, ms)).toBe(expected);
  });
});
