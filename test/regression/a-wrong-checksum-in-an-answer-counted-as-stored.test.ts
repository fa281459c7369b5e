/**
 * Met: a store answered a PutObject, an UploadPart or a Complete with 200 and another checksum than that of the bytes sent,
 *   because it had stored other bytes. `put` ended with 0 and reported the checksum as confirmed.
 * Cause: the checksum in an answer was only looked for, not compared. Any text counted as one.
 * Fix: what an answer states must be the checksum computed for the request (src/s3/upload/wrong-object.ts,
 *   completed-checksum.ts). If not, it is retried like BadDigest, then status 65; the parts are removed, and a wrong object
 *   is named. A text that is no checksum of its algorithm counts as none (src/s3/checksum/digest-text.ts).
 */
import { describe, expect, it } from 'vitest';
import { computeChecksum } from '../../src/sandbox/protocol/checksum.ts';
import { combineCrcs } from '../../src/s3/checksum/combine-crcs.ts';
import { NOTHING_TO_RESUME } from '../../src/s3/upload/upload-request.ts';
import { errorResponse, type FakeResponse } from '../support/fake-s3.ts';
import { body, md5, PART, prepare, type Override } from '../support/fake-upload.ts';

const WRONG = 'AAAAAA==';
const PARTS = [0, PART, 2 * PART].map((at) => body.subarray(at, at + PART));
const sums = PARTS.map((bytes) => ({ checksum: computeChecksum('crc32', bytes), sizeBytes: bytes.length }));
const WHOLE = combineCrcs('crc32', sums);
const small = Buffer.from('small');

const stored = (sum: string): FakeResponse => ({ headers: { etag: '"opaque"', 'x-amz-checksum-crc32': sum } });
const completed = (fields: string, headers: Record<string, string> = {}): FakeResponse => ({
  headers,
  body: `<CompleteMultipartUploadResult><Key>k</Key><ETag>"e-3"</ETag>${fields}</CompleteMultipartUploadResult>`,
});
/** Answers the first `times` requests of an operation. */
const answer =
  (name: string, response: FakeResponse, times = Infinity): Override =>
  (_request, operation, count) =>
    operation === name && count <= times ? response : undefined;
const FULL = `<ChecksumCRC32>${WRONG}</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType>`;

const ANSWERS: readonly [string, Buffer, string, FakeResponse][] = [
  ['PutObject', small, 'put', stored(WRONG)],
  ['UploadPart', body, 'part 2', stored(WRONG)],
  ['Complete', body, 'complete', completed(FULL)],
  ['Complete, without a type', body, 'complete', completed(`<ChecksumCRC32>${WRONG}</ChecksumCRC32>`)],
  ['Complete, of the parts', body, 'complete', completed(`<ChecksumCRC32>${WRONG}-3</ChecksumCRC32>`)],
  ['Complete, in a header', body, 'complete', completed('', { 'x-amz-checksum-crc32': WRONG })],
];

describe.each(ANSWERS)('a wrong checksum in the answer to %s', (_what, bytes, operation, response) => {
  it('is sent again, and then right', async () => {
    const stage = prepare(bytes, { override: answer(operation, response, 1) });
    expect(await stage.run()).toMatchObject({ checksum: 'crc32' });
    expect(stage.operations.filter((name) => name === operation)).toHaveLength(2);
  });

  it('is status 65 if it stays, and leaves no parts', async () => {
    const resume = { ...NOTHING_TO_RESUME, isResumable: true };
    const stage = prepare(bytes, { override: answer(operation, response), resume });
    await expect(stage.run()).rejects.toMatchObject({
      code: 'checksum_mismatch',
      message: expect.stringMatching(operation.startsWith('part') ? /part 2 arrived damaged/ : /is wrong: replace/),
      details: { reason: 'corrupted_body', attempts: 4 },
    });
    expect(stage.operations.filter((name) => name === 'abort')).toHaveLength(bytes === small ? 0 : 1);
    expect(stage.events.filter(({ kind }) => kind === 'warning')).toEqual([]);
  });
});

it.each(['PreconditionFailed', 'NoSuchUpload'])('a wrong object is not ours after %s', async (code) => {
  const etag = `"${md5(Buffer.concat(PARTS.map((part) => Buffer.from(md5(part), 'hex'))))}-3"`;
  const stage = prepare(body, {
    override: (_request, operation, count) => {
      if (operation === 'head') return { headers: { etag } };
      if (operation !== 'complete') return undefined;
      return count === 1 ? completed(FULL) : errorResponse(code === 'NoSuchUpload' ? 404 : 412, code);
    },
  });
  await expect(stage.run()).rejects.toMatchObject({ code: 'checksum_mismatch' });
});

it('a wrong object under --if-none-match is not another writer’s', async () => {
  const stage = prepare(small, {
    ifNoneMatch: true,
    override: (_request, operation, count) => {
      if (operation === 'head') return { status: 404 };
      return count === 1 ? stored(WRONG) : errorResponse(412, 'PreconditionFailed');
    },
  });
  await expect(stage.run()).rejects.toMatchObject({ code: 'checksum_mismatch' });
  expect(stage.operations).toEqual(['head', 'put', 'put', 'put', 'put']);
});

it('a wrong object is named when the retries end with another error', async () => {
  const stage = prepare(small, {
    override: (_request, _operation, count) => (count === 1 ? stored(WRONG) : errorResponse(503, 'SlowDown')),
  });
  await expect(stage.run()).rejects.toMatchObject({ code: 'unavailable' });
  expect(stage.events).toContainEqual({
    kind: 'warning',
    reason: 'wrong_object_stored',
    message: expect.stringMatching(/^s3:\/\/b\/k: .*AAAAAA==.* replace or delete it$/),
  });
});

describe('what is no checksum of its algorithm', () => {
  it.each(['zz', 'AAAA', '00000000', Buffer.alloc(32).toString('base64')])('counts as none: %s', async (text) => {
    expect(await prepare(small, { override: answer('put', stored(text)) }).run()).toMatchObject({ checksum: null });
    expect(await prepare(body, { override: answer('part 1', stored(text)) }).run()).toMatchObject({ checksum: null });
    const fields = `<ChecksumCRC32>${text}</ChecksumCRC32>`;
    expect(await prepare(body, { override: answer('complete', completed(fields)) }).run()).toMatchObject({
      bytes: body.length,
    });
  });
});

it.each([
  ['the full object', `<ChecksumCRC32>${WHOLE}</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType>`],
  ['the full object without a type', `<ChecksumCRC32>${WHOLE}</ChecksumCRC32>`],
  ['an algorithm that was not computed', `<ChecksumCRC64NVME>AAAAAAAAAAA=</ChecksumCRC64NVME>`],
])('a Complete that states %s is taken', async (_what, fields) => {
  const stage = prepare(body, { override: answer('complete', completed(fields)) });
  expect(await stage.run()).toMatchObject({ checksum: 'crc32' });
  expect(stage.operations.filter((name) => name === 'complete')).toHaveLength(1);
});

it('compares the whole also with parts that an earlier process sent', async () => {
  const listed = PARTS.map(
    (bytes, index) =>
      `<Part><PartNumber>${index + 1}</PartNumber><ETag>"e"</ETag><Size>${bytes.length}</Size><ChecksumCRC32>${sums[index]?.checksum ?? ''}</ChecksumCRC32></Part>`,
  ).join('');
  const list = { body: `<ListPartsResult><UploadId>old</UploadId>${listed}</ListPartsResult>` };
  const stage = prepare(body, {
    resume: { ...NOTHING_TO_RESUME, isResumable: true, resumableId: 'old' },
    override: (request, operation, count) =>
      answer('list', list)(request, operation, count) ?? answer('complete', completed(FULL))(request, operation, count),
  });
  await expect(stage.run()).rejects.toMatchObject({ code: 'checksum_mismatch' });
  expect(stage.operations.some((name) => name.startsWith('part'))).toBe(false);
});
