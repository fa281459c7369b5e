import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { body, FakeFile, md5, OBJECT, prepare, responseOf } from '../../../support/fake-download.ts';
import type { Respond } from '../../../support/fake-s3.ts';

const OTHER = Buffer.from('ABCDEFGHIJ0123456789');
const ETAG_OF_ONE_PART = `"${createHash('md5').update(createHash('md5').update(OBJECT).digest()).digest('hex')}-1"`;

/** A download of an object that a listing has described, which is taken whole up to 100 bytes. */
function prepareWhole(respond: Respond, { etag = md5(OBJECT), sizeBytes = OBJECT.byteLength } = {}) {
  const taken: Buffer[] = [];
  const file = new FakeFile();
  const stage = prepare(respond, file, {
    listed: { etag, sizeBytes, lastModifiedMs: null },
    takeWhole: {
      bytesMax: 100,
      take: (content) => {
        taken.push(Buffer.from(content));
        return null;
      },
    },
  });
  return { ...stage, taken, file };
}

describe('downloadWhole', () => {
  it('takes a small object with one request, verified, and opens no target', async () => {
    const { run, taken, opened, requests, moved, process } = prepareWhole((request) => responseOf(request));
    expect(await run()).toMatchObject({ bytes: 20, sizeBytes: 20, resumedBytes: 0, verifiedBy: 'md5' });
    expect([taken, opened, requests.length, moved()]).toEqual([[OBJECT], [], 1, 20]);
    expect(process.verdicts).toEqual(['success']);
  });

  it('fails with the error of who takes it', async () => {
    const { run } = prepare((request) => responseOf(request), new FakeFile(), {
      listed: { etag: null, sizeBytes: 20 },
      takeWhole: { bytesMax: 100, take: async () => await Promise.reject(new Error('no space')) },
    });
    await expect(run()).rejects.toThrow('no space');
  });

  it.each([
    ['cut', { length: 7 }],
    ['of other bytes', { object: OTHER, headers: { etag: md5(OBJECT) } }],
  ])('fetches it again from the start after a body that was %s', async (_what, wrong) => {
    const { run, taken, requests, moved, events } = prepareWhole((request, number) =>
      responseOf(request, number === 1 ? wrong : {}),
    );
    expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'md5' });
    expect([taken, moved()]).toEqual([[OBJECT], 20]);
    expect(requests.map(({ headers }) => headers['range'])).toEqual([undefined, undefined]);
    expect(events.filter(({ kind }) => kind === 'retry_scheduled')).toHaveLength(1);
  });

  it('never takes bytes that stay wrong', async () => {
    const { run, taken, requests } = prepareWhole((request) =>
      responseOf(request, { object: OTHER, headers: { etag: md5(OBJECT) } }),
    );
    await expect(run()).rejects.toMatchObject({ code: 'checksum_mismatch' });
    expect([taken, requests.length]).toEqual([[], 4]);
  });

  it('takes what has replaced the listed object, once a second answer confirms it', async () => {
    const { run, taken, requests } = prepareWhole((request) =>
      responseOf(request, { object: OTHER, headers: { 'last-modified': 'Tue, 01 Sep 2026 10:00:00 GMT' } }),
    );
    expect(await run()).toMatchObject({ bytes: 20, etag: md5(OTHER) });
    expect([taken, requests.length]).toEqual([[OTHER], 2]);
  });

  it('verifies an ETag of one part without a further request', async () => {
    const { run, requests } = prepareWhole((request) => responseOf(request, { headers: { etag: ETAG_OF_ONE_PART } }), {
      etag: ETAG_OF_ONE_PART,
    });
    expect(await run()).toMatchObject({ verifiedBy: 'md5-composite' });
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['is larger than that', { object: Buffer.alloc(200, 'x') }, 200],
    ['is encoded, and has no checksum', { headers: { etag: '"opaque"', 'content-encoding': 'gzip' } }, 20],
    ['has a checksum of several parts', { headers: { etag: `"${'a'.repeat(32)}-2"` } }, 20],
  ])('goes the long way if the object %s', async (_what, answer, bytes) => {
    const { run, taken, opened, file, requests } = prepareWhole((request) => responseOf(request, answer), {
      etag: '',
      sizeBytes: bytes,
    });
    expect(await run()).toMatchObject({ bytes });
    expect([taken, opened.length, file.bytes.byteLength]).toEqual([[], 1, bytes]);
    expect(requests.length).toBeGreaterThan(1);
  });

  it('goes the long way if the response does not state where it ends', async () => {
    const { run, taken, file } = prepareWhole(() => ({ headers: { etag: md5(OBJECT) }, body: body(OBJECT) }));
    expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'md5' });
    expect([taken, file.bytes]).toEqual([[], OBJECT]);
  });
});
