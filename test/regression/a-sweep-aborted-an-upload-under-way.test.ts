/**
 * Met: `sweep --abort-uploads` aborted an upload that a `put` on the same machine was sending, and the put ended with 66
 *   (`not_found`) and the advice to check the bucket and the key.
 * Cause: the sweep knew only the age of an upload, and `NoSuchUpload` was read like a missing object.
 * Fix: uploads of living processes are left alone, and a put whose upload is gone says that it was aborted.
 */
import { expect, it } from 'vitest';
import { abortUploads } from '../../src/sweep/abort-uploads.ts';
import { findRunningUploads, ResumableUploads } from '../../src/transfer/put/resume-upload.ts';
import { NOTHING_TO_RESUME } from '../../src/s3/upload/upload-request.ts';
import { FakeObjectStore } from '../support/fake-object-store.ts';
import { createMemoryUnfinishedWork } from '../support/memory-unfinished-work.ts';
import { body, prepare } from '../support/fake-upload.ts';
import { errorResponse } from '../support/fake-s3.ts';

it('leaves the uploads of living processes alone', async () => {
  const unfinished = createMemoryUnfinishedWork();
  const uploads = new ResumableUploads({ unfinished, circuit: 'c', isResuming: true });
  const open = async (key: string) =>
    await uploads.open({ location: { bucket: 'b', key }, source: '-', identity: null, options: null });
  await using living = await open('a');
  await living.save('living');
  // The same source and destination once more: it has no claim on the first.
  await using second = await open('a');
  await second.save('second');
  const dead = await open('b');
  await dead.save('dead');
  await dead[Symbol.asyncDispose]();
  const ids = ['living', 'second', 'dead', 'foreign'];
  const store = new FakeObjectStore({
    uploadPages: [ids.map((uploadId) => ({ key: 'a', uploadId, startedAtMs: 0 }))],
  });
  const request = { bucket: 'b', prefix: '', olderThanMs: 0, patterns: { include: [], exclude: [] }, isDryRun: false };
  const context = {
    store,
    ageClock: () => Date.UTC(2026, 0, 1),
    findRunning: async () => await findRunningUploads(unfinished),
  };
  expect((await abortUploads(request, context)).tally).toMatchObject({ matched: 2, running: 2, aborted: 2 });
  expect(store.aborted.toSorted()).toEqual(['dead', 'foreign']);
});

it.each(['part 2', 'complete'])('says that the upload was aborted, met at %s', async (where) => {
  const stage = prepare(body, {
    resume: { ...NOTHING_TO_RESUME, isResumable: true },
    override: (_request, operation) => (operation === where ? errorResponse(404, 'NoSuchUpload') : undefined),
  });
  await expect(stage.run()).rejects.toMatchObject({
    code: 'unavailable',
    details: { reason: 'upload_aborted', hint: expect.stringMatching(/^run the command again/) as string },
  });
  // There is nothing to abort, and nothing to resume.
  expect(stage.operations).not.toContain('abort');
  expect(stage.saved).toEqual(['new', null]);
});
