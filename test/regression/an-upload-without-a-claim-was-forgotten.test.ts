/**
 * Met: of two runs of the same `put`, the one that came second was killed, and its parts stayed in S3.
 * Cause: only the run that had the claim saved its upload; and a stale upload that could not be aborted lost its record
 *   to the next one.
 * Fix: each upload has a record, and the next run finds all of them.
 */
import { expect, it } from 'vitest';
import { ResumableUploads, RESUME_BYTES_MIN } from '../../src/transfer/put/resume-upload.ts';
import { createMemoryUnfinishedWork } from '../support/memory-unfinished-work.ts';

const ENTRY = {
  location: { bucket: 'b', key: 'k' },
  source: 'file',
  identity: { sizeBytes: RESUME_BYTES_MIN, mtimeNs: '1', inode: '7' },
  options: null,
};

function prepare() {
  const unfinished = createMemoryUnfinishedWork();
  const uploads = new ResumableUploads({ unfinished, circuit: 'c', isResuming: true });
  return { unfinished, open: async (options: unknown = null) => await uploads.open({ ...ENTRY, options }) };
}

it('finds the upload of the killed run that had no claim', async () => {
  const { unfinished, open } = prepare();
  const first = await open();
  await first.save('first');
  const second = await open();
  await second.save('second');
  expect(unfinished.documents.size).toBe(2);
  await first.forget();
  await first[Symbol.asyncDispose]();
  // Killed.
  await second[Symbol.asyncDispose]();
  await using third = await open();
  expect(third).toMatchObject({ resumableId: 'second', stale: [] });
  await third.forget();
  expect(unfinished.documents.size).toBe(0);
});

it('finds both if both were killed: one to resume, one to abort', async () => {
  const { unfinished, open } = prepare();
  const killed = [await open(), await open()];
  for (const [index, run] of killed.entries()) await run.save(`u${index}`);
  for (const run of killed) await run[Symbol.asyncDispose]();
  await using next = await open();
  expect(next).toMatchObject({ resumableId: 'u0', stale: [{ uploadId: 'u1' }] });
  await next.stale[0]?.forget();
  await next.forget();
  expect(unfinished.documents.size).toBe(0);
});

it('keeps the record of a stale upload that could not be aborted', async () => {
  const { open } = prepare();
  await (async () => {
    await using old = await open('other options');
    await old.save('old');
  })();
  await (async () => {
    await using next = await open();
    expect(next.stale).toMatchObject([{ uploadId: 'old' }]);
    // Its abort fails, and this run is killed, too.
    await next.save('new');
  })();
  await using last = await open();
  expect(last).toMatchObject({ resumableId: 'new', stale: [{ uploadId: 'old' }] });
});
