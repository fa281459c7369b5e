/**
 * Met: a transfer that was suspended on one of two machines with a shared state, and taken over by the other, woke up,
 *   failed, and removed the temporary file and the saved state of the new owner, or aborted its upload.
 * Cause: only saving checked whether the claim was still held.
 * Fix: whatever would harm a new owner asks the state first, which renews the claim.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NOTHING_TO_RESUME } from '../../src/s3/upload/upload-request.ts';
import { ResumableDownload } from '../../src/transfer/get/resume-download.ts';
import { errorResponse } from '../support/fake-s3.ts';
import { body, prepare } from '../support/fake-upload.ts';
import { createMemoryUnfinishedWork } from '../support/memory-unfinished-work.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

it.each(['commit', 'discard', 'restart', 'writeAt'] as const)('leaves the file and its record: %s', async (what) => {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-'));
  const unfinished = createMemoryUnfinishedWork();
  const sinkOptions = { noClobber: false, isSynced: false };
  const options = { unfinished, clock: new VirtualClock(), path: join(directory, 'file'), sinkOptions };
  const download = (await ResumableDownload.begin('id', options))!;
  const facts = {
    etag: '"e"',
    sizeBytes: 20,
    modifiedMs: null,
    isWritersTime: false,
    lastModifiedMs: null,
    contentType: null,
  };
  const sink = await download.open({ ...facts, versionId: null, expected: null }, { isResumed: false });
  unfinished.lost.add('id');
  const act = {
    commit: async () => await sink.commit(null),
    discard: sink.discard,
    restart: sink.restart,
    writeAt: async () => await sink.writeAt([Buffer.from('x')], 0, () => undefined),
  };
  const ended = expect(act[what]());
  if (what === 'discard') await ended.resolves.toBeUndefined();
  else await ended.rejects.toMatchObject({ code: 'locked', details: { reason: 'taken_over' } });
  await download.forget();
  await sink.close();
  expect(await readdir(directory)).toEqual([expect.stringMatching(/breakwater-part$/)]);
  expect(unfinished.documents.size).toBe(1);
  await rm(directory, { recursive: true });
});

it.each([
  ['completes', undefined, 'locked'],
  ['aborts', errorResponse(403, 'AccessDenied'), 'access_denied'],
])('neither %s an upload that another process has taken over', async (_what, response, code) => {
  const stage = prepare(body, {
    resume: { ...NOTHING_TO_RESUME, isOurs: () => false },
    override: (_request, operation) => (operation === 'part 2' ? response : undefined),
  });
  await expect(stage.run()).rejects.toMatchObject({ code });
  expect(stage.operations).not.toContain('complete');
  expect(stage.operations).not.toContain('abort');
  expect(stage.saved).toEqual(['new']);
});
