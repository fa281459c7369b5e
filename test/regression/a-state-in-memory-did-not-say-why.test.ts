/**
 * Met: "the state file ... cannot be read or written", on a read-only disk as after a loop of links as without permission.
 *   A quota that was used up was "cannot be read or written", too.
 * Cause: the system's reason was dropped, and SQLite gives none. Node has no name for EDQUOT, so its code was
 *   "Unknown system error -122".
 * Fix: the warning gives the system's code and words; where SQLite has failed, what it could not do is tried once more.
 */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { classifyStateError, formatProblem } from '../../src/state/state-problem.ts';
import { explainSystemError } from '../../src/files/system-error.ts';
import { createTestState, type TestState } from '../support/state.ts';

it.each<[string, (disk: TestState) => void, string]>([
  [
    'a loop of links',
    ({ directory }) => {
      mkdirSync(directory);
      symlinkSync('state.db', join(directory, 'state.db'));
    },
    '(ELOOP: too many symbolic links encountered)',
  ],
  ['a file as the directory', ({ directory }) => writeFileSync(directory, ''), '(ENOTDIR: not a directory)'],
  [
    'what only SQLite sees',
    ({ directory }) => {
      mkdirSync(directory);
      mkdirSync(join(directory, 'state.db-wal'));
    },
    '(disk I/O error)',
  ],
])('says why: %s', async (_what, spoil, why) => {
  await using disk = await createTestState();
  spoil(disk);
  disk.open().marks.set('a', { value: 1, nowMs: 1 });
  expect(disk.warnings).toEqual([
    `the state file ${join(disk.directory, 'state.db')} cannot be read or written ${why}; this command keeps its circuits and metrics in memory only`,
  ]);
});

it('looks for the reason that SQLite does not give', async () => {
  await using disk = await createTestState();
  symlinkSync('/nowhere/at/all', disk.directory);
  const error = Object.assign(new Error('unable to open database file'), { code: 'ERR_SQLITE_ERROR', errcode: 14 });
  expect(formatProblem('unwritable', join(disk.directory, 'state.db'), error)).toContain(
    'cannot be read or written (ENOENT: no such file or directory)',
  );
});

it('knows a quota, which Node has no name for', () => {
  const error = Object.assign(new Error('?'), { code: 'Unknown system error -122', errno: -122, syscall: 'open' });
  expect([classifyStateError(error), explainSystemError(error)]).toEqual(['full', 'EDQUOT: disk quota exceeded']);
  expect(formatProblem('full', '/s/state.db', error)).toContain('the disk is full (EDQUOT: disk quota exceeded)');
});
