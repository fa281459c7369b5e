/**
 * Met: one row with a number out of range or with broken JSON, in a file that others share, made every command end with 70
 *   or set the whole file aside, with all circuits and totals.
 * Cause: a number beyond 2^53 failed the whole query, a time that is no date failed its formatting, and a row that could
 *   not be parsed counted as a corrupt file.
 * Fix: such a row counts as missing; the rest of the file is used.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const HUGE = '9007199254740993';
const NO_DATE = '9000000000000000';

it.each([
  ['checkpoints', `INSERT INTO checkpoints VALUES ('download', 'x', ${HUGE}, '{}'), ('upload', 'y', 1, 'no json')`],
  ['claims', `INSERT INTO claims VALUES ('download x', 'no json', ${HUGE}, ${HUGE})`],
  ['jobs', `INSERT INTO jobs VALUES ('x', '{}', NULL, ${NO_DATE}, ${NO_DATE}, ${HUGE}, NULL, 0, 0, 0)`],
  ['counters', `INSERT INTO counters VALUES ('s3_operations_total', 'no json', 1), ('s3_x', '{"bucket":7}', 1e400)`],
  ['gauges', `INSERT INTO gauges VALUES ('s3_last_success_timestamp_seconds', '[]', 1)`],
  ['histograms', `UPDATE histograms SET counts = '[1]'`],
  ['activity', `INSERT INTO activity VALUES ('x', ${NO_DATE}, ${HUGE}, 0, 0, '[]', 'no json')`],
  ['refusals', `INSERT INTO refusals VALUES ('s3-upload@x', ${HUGE}, ${HUGE})`],
  ['marks', `INSERT OR REPLACE INTO marks VALUES ('clean-up', ${HUGE}, ${HUGE}), ('outlet x', ${HUGE}, ${HUGE})`],
  ['met_circuits', `INSERT OR REPLACE INTO met_circuits VALUES ('s3-upload@x', ${HUGE})`],
])('%s: every command uses the rest of the file', async (_table, statements) => {
  await using sandbox = await startTestSandbox();
  await using program = await Program.create(sandbox.env);
  await writeFile(program.path('file'), 'bytes');
  expect((await program.run(['put', 'file', 's3://bucket/key'])).status).toBe(0);
  const database = new DatabaseSync(program.path('state', 'state.db'));
  database.exec(statements);
  database.close();
  for (const args of [
    ['breaker-status', '--history'],
    ['breaker-status', '--check'],
    ['metrics'],
    ['put', 'file', 's3://bucket/key'],
    ['get', 's3://bucket/key', 'copy'],
    ['sweep', 's3://bucket/none/', '--older-than', '1d', '--yes'],
    ['metrics'],
  ]) {
    const { status, stderr } = await program.run(args);
    expect([args, status, stderr]).toEqual([args, 0, '']);
  }
  expect((await readdir(program.path('state'))).filter((name) => name.includes('corrupt'))).toEqual([]);
});
