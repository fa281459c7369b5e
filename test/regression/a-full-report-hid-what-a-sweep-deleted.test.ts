/**
 * Met: the disk of the report filled up at the end of a sweep. The JSON document had the error, but not how many objects
 *   were gone.
 * Cause: closing the report threw past the result of the sweep.
 * Fix: a report that cannot be completed is how the sweep ends; its counts stay in the document.
 */
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const DAY_MS = 86_400_000;
const hasFull = existsSync('/dev/full');
if (!hasFull) console.log('skipped: a full report needs /dev/full');

it.skipIf(!hasFull)('counts the deleted objects when the report cannot be written', async () => {
  await using sandbox = await startTestSandbox();
  for (let index = 0; index < 4; index += 1) {
    sandbox.putObject('bucket', `old/${index}`, { body: 'x', ageMs: 2 * DAY_MS });
  }
  sandbox.addFault('DeleteObjectsEntry:InternalError:suffix=0');
  await using program = await Program.create(sandbox.env);
  const args = [
    'sweep',
    's3://bucket/old/',
    '--older-than',
    '1d',
    '--yes',
    '--json',
    '--report',
    '/dev/full',
    '--retries',
    '0',
  ];
  const ended = await program.run(args);
  expect([ended.status, readDocument(ended)]).toMatchObject([
    74,
    { ok: false, deleted: 3, failed: 1, complete: false, error: { code: 'local_io' } },
  ]);
});
