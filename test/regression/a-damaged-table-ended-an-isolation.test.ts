/**
 * Met: a table of the state file was missing; the next command that wrote metrics set the whole file aside, and the command
 *   after it sent requests through a circuit that somebody had isolated.
 * Cause: a new file began without the circuits of the old one, although they could be read.
 * Fix: circuits that can be read go into the new file.
 */
import { writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';

it('stays isolated in the new file', async () => {
  await using program = await Program.create({
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
  await program.run(['breaker-isolate', 's3-upload', '--reason', 'migration']);
  const file = program.path('file');
  await writeFile(file, 'bytes');
  const database = new DatabaseSync(program.path('state', 'state.db'));
  database.exec('DROP TABLE activity');
  database.close();
  const put = async () => await program.run(['put', file, 's3://bucket/', '--retries', '0']);
  const first = await put();
  expect([first.status, first.stderr]).toEqual([75, expect.stringContaining('was corrupt')]);
  expect(await put()).toMatchObject({ status: 75, stderr: expect.stringContaining('migration') });
});
