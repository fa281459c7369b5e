/**
 * Met: where the state directory could not be used, an interrupted transfer said to run the command again to resume,
 *   left its parts in S3 and its temporary file beside the target, and no later run found them.
 * Cause: nobody asked whether what was saved outlives the process.
 * Fix: a save reports that. Without it the parts are aborted, the file is removed, and nothing is promised.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openResumableRun } from '../../src/transfer/put/resume-run.ts';
import { ResumableDownload } from '../../src/transfer/get/resume-download.ts';
import { ResumableUploads, RESUME_BYTES_MIN } from '../../src/transfer/put/resume-upload.ts';
import { openUnfinishedWork } from '../../src/state/stored-work.ts';
import { identifyProcess } from '../../src/state/process-identity.ts';
import { createMemoryUnfinishedWork } from '../support/memory-unfinished-work.ts';
import { createTestState } from '../support/state.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const IDENTITY = { sizeBytes: RESUME_BYTES_MIN, mtimeNs: '1', inode: '7' };

it('is not promised for an upload or a run', async () => {
  const unfinished = createMemoryUnfinishedWork({ isDurable: false });
  const uploads = new ResumableUploads({ unfinished, circuit: 'c', isResuming: true });
  await using upload = await uploads.open({
    location: { bucket: 'b', key: 'k' },
    source: 'f',
    identity: IDENTITY,
    options: null,
  });
  expect(await upload.save('u')).toBe(false);
  const request = {
    sources: ['d'],
    destination: { bucket: 'b', key: 'k/' },
    isRecursive: true,
    patterns: { include: [], exclude: [] },
    object: { metadata: {}, tags: {} },
    checksum: 'crc32',
    ifNoneMatch: false,
    isResuming: true,
    partSizeBytes: null,
    concurrency: null,
  } as const;
  await using run = await openResumableRun(request, { unfinished, circuit: 'c', clock: new VirtualClock() });
  expect(run.isSaved).toBe(false);
});

it.each([
  [true, 1],
  [false, 0],
])('leaves the file of a download only where it will be found (%s)', async (isDurable, files) => {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-'));
  const unfinished = createMemoryUnfinishedWork({ isDurable });
  const path = join(directory, 'file');
  const sinkOptions = { noClobber: false, isSynced: false };
  const options = { unfinished, clock: new VirtualClock(), path, sinkOptions };
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
  sink.onWritten(() => [{ start: 0, end: 5 }]);
  expect(await download.saveForLater()).toBe(files * 5);
  expect(await readdir(directory)).toHaveLength(files);
  expect(unfinished.documents.size).toBe(files);
  await rm(directory, { recursive: true });
});

it.each([true, false])('is known from the state itself (usable: %s)', async (isUsable) => {
  await using test = await createTestState();
  // A file where the directory should be.
  if (!isUsable) await writeFile(test.directory, '');
  const state = test.open();
  const run = {
    clock: new VirtualClock(),
    state: async () => await Promise.resolve(state),
    processIdentity: () => identifyProcess('put'),
    onClose: () => undefined,
  };
  const work = openUnfinishedWork(run, 'upload');
  // A claim that only memory holds is not lost.
  const claim = await work.claim('a');
  expect(await work.save('a', 1)).toBe(isUsable);
  expect(claim?.confirm()).toBe(true);
});
