/**
 * Met: a fast download that was killed within its first second began again from nothing.
 * Cause: how far it was had been saved once a second: up to 60 MB and more at that speed.
 * Fix: it is saved by bytes as well, every 8 MiB.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ResumableDownload } from '../../src/transfer/get/resume-download.ts';
import { createMemoryUnfinishedWork } from '../support/memory-unfinished-work.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const MIB = 1024 * 1024;

it('saves how far it is several times a second when it is fast', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-'));
  const clock = new VirtualClock();
  const unfinished = createMemoryUnfinishedWork();
  const path = join(directory, 'file');
  const sinkOptions = { noClobber: false, isSynced: false };
  const download = (await ResumableDownload.begin('id', { unfinished, clock, path, sinkOptions }))!;
  const facts = {
    etag: '"e"',
    sizeBytes: 200 * MIB,
    modifiedMs: null,
    isWritersTime: false,
    lastModifiedMs: null,
    contentType: null,
    versionId: null,
  };
  const sink = await download.open({ ...facts, expected: null }, { isResumed: false });
  // 100 MiB/s: half a second of it.
  for (let writtenMiB = 1; writtenMiB <= 50; writtenMiB += 1) {
    await clock.advance(10);
    sink.onWritten(() => [{ start: 0, end: writtenMiB * MIB }]);
  }
  await clock.advance(0);
  expect(unfinished.documents.get('id')).toMatchObject({ covered: [{ start: 0, end: 48 * MIB }] });
  await download.saveForLater();
  await rm(directory, { recursive: true });
});
