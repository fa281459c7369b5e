/**
 * Met: the temporary file of a killed `get` stayed for ever if the next command that saved anything came after 30 days.
 * Cause: every save dropped all old records, also of files that were still there. So did a new download to the same
 *   file, and a run over more than 256 directories.
 * Fix: the record of a download is dropped only by the run that removes the file, and only once it is gone.
 */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openUnfinishedWork } from '../../src/state/stored-work.ts';
import { identifyProcess } from '../../src/state/process-identity.ts';
import { ResumableDownload } from '../../src/transfer/get/resume-download.ts';
import { createMemoryUnfinishedWork } from '../support/memory-unfinished-work.ts';
import { collectLeftovers, PartialFiles } from '../../src/transfer/get/leftover-files.ts';
import { createTestState } from '../support/state.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const DAY_MS = 24 * 3_600_000;
const NAME = '.target.0123456789ab.breakwater-part';

async function prepare(test: Awaited<ReturnType<typeof createTestState>>) {
  const directory = join(test.directory, 'downloads');
  await mkdir(directory, { recursive: true });
  const partialPath = join(directory, NAME);
  await writeFile(partialPath, 'x');
  const inode = String((await stat(partialPath)).ino);
  const state = test.open();
  const clock = new VirtualClock();
  const run = {
    clock,
    state: async () => await Promise.resolve(state),
    processIdentity: () => identifyProcess('get'),
    onClose: () => undefined,
  };
  const downloads = openUnfinishedWork(run, 'download');
  await downloads.save('a', {
    kind: 'download',
    partialPath,
    inode,
    etag: '"e"',
    sizeBytes: 1,
    covered: [],
    promise: null,
  });
  await clock.advance(31 * DAY_MS);
  return { directory, clock, downloads, uploads: openUnfinishedWork(run, 'upload') };
}

it('removes the file although an upload was saved since', async () => {
  await using test = await createTestState();
  const { directory, clock, downloads, uploads } = await prepare(test);
  await uploads.save('u', {});
  await collectLeftovers(downloads, clock);
  expect(await readdir(directory)).toEqual([]);
  expect(await downloads.list()).toEqual([]);
});

it('keeps the record of a file that cannot be looked at now', async () => {
  await using test = await createTestState();
  const { directory, clock, downloads } = await prepare(test);
  // Its name is too long to be looked up.
  const partialPath = join(directory, 'd'.repeat(300), NAME);
  const saved = { kind: 'download', partialPath, inode: '1', etag: '"e"', sizeBytes: 1, covered: [], promise: null };
  await downloads.save('b', saved);
  await clock.advance(31 * DAY_MS);
  await collectLeftovers(downloads, clock);
  expect((await downloads.list()).map(({ id }) => id)).toEqual(['b']);
});

it('drops after 30 days what nobody can read', async () => {
  await using test = await createTestState();
  const { clock, downloads } = await prepare(test);
  await downloads.save('b', { kind: 'of another version' });
  await collectLeftovers(downloads, clock);
  expect((await downloads.list()).map(({ id }) => id)).toEqual(['b']);
  await clock.advance(31 * DAY_MS);
  await collectLeftovers(downloads, clock);
  expect(await downloads.list()).toEqual([]);
});

it.each(['begin', 'find'] as const)('removes the file whose record is replaced: %s', async (how) => {
  await using test = await createTestState();
  const { directory, clock, downloads } = await prepare(test);
  const partialPath = join(directory, NAME);
  const inode = String((await stat(partialPath)).ino);
  // A power loss has cut the file: it lacks what was saved as written.
  const covered = how === 'find' ? [{ start: 0, end: 5 }] : [];
  await downloads.save('a', { kind: 'download', partialPath, inode, etag: '"e"', sizeBytes: 9, covered });
  const sinkOptions = { noClobber: false, isSynced: false };
  const options = { unfinished: downloads, clock, path: join(directory, 'target'), sinkOptions };
  await using download = await ResumableDownload[how]('a', options);
  expect(download?.resumePoint).toBeNull();
  expect(await readdir(directory)).toEqual([]);
});

it('remembers the directory of a long download beside many others', async () => {
  const unfinished = createMemoryUnfinishedWork();
  const partials = new PartialFiles(unfinished);
  await partials.tagFor('/long');
  for (let number = 0; number < 300; number += 1) {
    await partials.tagFor(`/d${number}`);
    partials.release(`/d${number}`);
  }
  const [saved] = unfinished.documents.values();
  const { directories } = saved as { directories: readonly string[] };
  expect(directories).toHaveLength(256);
  expect(directories).toContain('/long');
  expect(directories).toContain('/d299');
});
