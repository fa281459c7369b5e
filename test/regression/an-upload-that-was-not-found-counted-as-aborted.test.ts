/**
 * Met: `sweep --abort-uploads` reported every upload as aborted, and all of them were still there.
 * Cause: Ceph lists encoded names without saying so. The abort of a wrong name is answered `NoSuchUpload`, which counted as
 *   done, because a repeated abort gets the same answer.
 * Fix: uploads that are not found are looked for in a second listing. What it still shows is left, with that code.
 */
import { expect, it } from 'vitest';
import { abortUploads } from '../../src/sweep/abort-uploads.ts';
import { FakeObjectStore } from '../support/fake-object-store.ts';

const upload = (uploadId: string, key = `p/${uploadId}`) => ({ key, uploadId, startedAtMs: Date.UTC(2026, 0, 1) });
const REQUEST = { bucket: 'b', prefix: 'p/', olderThanMs: 1, patterns: { include: [], exclude: [] }, isDryRun: false };

async function sweepUploads(options: ConstructorParameters<typeof FakeObjectStore>[0]) {
  const store = new FakeObjectStore(options);
  const findRunning = async () => await Promise.resolve(new Set<string>());
  const { tally, error } = await abortUploads(REQUEST, { store, findRunning, ageClock: () => Date.UTC(2026, 1, 1) });
  return { store, tally, error };
}

it('leaves what is still listed, under whatever name, and counts what is gone', async () => {
  const { tally, error } = await sweepUploads({
    uploadPages: [[upload('a'), upload('b')], [upload('c')]],
    missingUploads: ['b', 'c'],
    relistedUploads: () => [[upload('c', 'p/another name')]],
  });
  expect(error).toBeNull();
  expect(tally).toMatchObject({ matched: 3, aborted: 2, failed: 1 });
  expect(tally.failures).toMatchObject([{ key: 'p/another name', code: 'NoSuchUpload' }]);
});

it('lists once where every upload was found', async () => {
  const { store } = await sweepUploads({ uploadPages: [[upload('a')]] });
  expect(store.listed).toHaveLength(1);
});
