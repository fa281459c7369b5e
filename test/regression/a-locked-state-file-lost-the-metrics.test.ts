/**
 * Met: what a command had measured was missing from the sums when another process had held the state file locked for a
 *   moment.
 * Cause: a flush that met the lock fell back to memory, and what it had taken to add went with the process.
 * Fix: what the file has not taken is kept, and the file is opened again at the end of the command.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { countIn, createFlushStage, finished } from '../support/metrics-flush.ts';

it('keeps what the file has not taken, and adds it at the end', async () => {
  await using stage = await createFlushStage();
  const { clock, files, flush, opened } = stage;
  files.open().metrics.clear();
  const holder = new DatabaseSync(join(files.directory, 'state.db'));
  holder.exec('BEGIN IMMEDIATE');
  flush.read(finished());
  await clock.advance(15_000);
  expect(files.warnings).toEqual([expect.stringMatching(/locked/)]);
  flush.read(finished());
  await clock.advance(15_000);
  holder.exec('ROLLBACK');
  holder.close();
  flush.read(finished());
  await flush.close();
  expect([countIn(files), opened.again]).toEqual([3, 1]);
});
