/**
 * Met: `doctor` ended with 0 and `ok state`, and the next `put` kept its circuit in memory only: too few file descriptors
 *   (ulimit -n 25), a file system without inodes, a write-ahead log that cannot be opened. Of a directory, a named pipe or a
 *   loop of links at state.db it said to check the permissions.
 * Cause: `doctor` made a directory where a command makes a database, opened an existing file only to read it, and did not
 *   ask for descriptors at all.
 * Fix: `doctor` makes a database beside the state file as a command does, begins a write in an existing one, and passes the
 *   system's reason on.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { initialRow } from '../../src/circuit/state-machine.ts';
import { judgeCircuits } from '../../src/cli/doctor/judge-machine.ts';
import { judgeState } from '../../src/cli/doctor/judge-state.ts';
import { measureState } from '../../src/cli/doctor/measure-state.ts';
import type { Settings } from '../../src/cli/settings/resolve-settings.ts';
import { STATE_FILE } from '../../src/state/state-file.ts';
import { createTestState, type TestState } from '../support/state.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const SETTINGS = { failureThreshold: 5, successThreshold: 2, openForMs: 60_000, probeLeaseMs: 30_000 };
const isRoot = process.getuid?.() === 0;

async function ask(directory: string, { hasRoom = true } = {}) {
  const clock = new VirtualClock();
  const settings = { ...SETTINGS, stateDirectory: directory } as Settings;
  const run = { settings, clock, circuitName: (name: string) => `${name}@x` };
  const { state, circuits } = await measureState(run, { hasScope: true, hasRoom: () => hasRoom });
  return { state: judgeState(state), circuits: judgeCircuits(circuits, { nowMs: clock.now() }) };
}

/** Stores a circuit as a command does. @returns whether it is in memory only */
function store(disk: TestState): boolean {
  const state = disk.open();
  const row = { ...initialRow('s3-upload@x', SETTINGS), epoch: 1 };
  state.circuits.update(row.name, () => ({ row, transitions: [], result: undefined }));
  const isInMemory = state.problem() !== null;
  state.close();
  return isInMemory;
}

const fileOf = ({ directory }: TestState): string => join(directory, STATE_FILE);

it.each<[string, (disk: TestState) => void, RegExp]>([
  [
    'a directory at state.db',
    (disk) => void mkdirSync(fileOf(disk), { recursive: true }),
    /not a regular file.*move state\.db away/,
  ],
  [
    'a named pipe at state.db',
    (disk) => {
      mkdirSync(disk.directory);
      spawnSync('mkfifo', [fileOf(disk)]);
    },
    /not a regular file.*move state\.db away/,
  ],
  [
    'a loop of links at state.db',
    (disk) => {
      mkdirSync(disk.directory);
      symlinkSync(STATE_FILE, fileOf(disk));
    },
    /ELOOP.*move state\.db away/,
  ],
  [
    'a directory at the write-ahead log',
    (disk) => {
      store(disk);
      mkdirSync(`${fileOf(disk)}-wal`);
    },
    /unable to open database file/,
  ],
  [
    'a link to nowhere as the directory',
    (disk) => symlinkSync('/nowhere/at/all', disk.directory),
    /cannot be created \(ENOENT: no such file or directory\)/,
  ],
  ['a file as the directory', (disk) => writeFileSync(disk.directory, ''), /\(ENOTDIR: not a directory\)/],
])('finds what a command finds: %s', async (_what, spoil, why) => {
  await using disk = await createTestState();
  spoil(disk);
  const { state, circuits } = await ask(disk.directory);
  expect([state.status, `${state.message}; ${state.hint}`, circuits.status]).toEqual([
    'failed',
    expect.stringMatching(why),
    'skipped',
  ]);
  expect(store(disk)).toBe(true);
});

it('finds too few descriptors, without opening anything', async () => {
  await using disk = await createTestState();
  const { state, circuits } = await ask(disk.directory, { hasRoom: false });
  expect([state, circuits]).toMatchObject([
    { status: 'failed', code: 'local_io', reason: 'few_descriptors', hint: expect.stringContaining('ulimit -n') },
    { status: 'skipped' },
  ]);
});

it.each([
  ['not there yet', () => undefined],
  ['there', (disk: TestState) => void store(disk)],
  [
    'there, with a database that another process has just used',
    (disk: TestState) => {
      store(disk);
      const other = new DatabaseSync(fileOf(disk));
      other.exec('PRAGMA user_version');
    },
  ],
])('finds a directory well that is %s, and leaves nothing', async (_what, prepare) => {
  await using disk = await createTestState();
  prepare(disk);
  const list = (): readonly string[] =>
    readdirSync(dirname(disk.directory), { recursive: true }).map(String).toSorted();
  const before = list();
  const bytes = before.includes('state/state.db') ? readFileSync(fileOf(disk)) : null;
  const { state, circuits } = await ask(disk.directory);
  expect([state.status, state.message, circuits.status]).toEqual(['ok', expect.any(String), 'ok']);
  expect(list()).toEqual(before);
  if (bytes !== null) expect(readFileSync(fileOf(disk)).equals(bytes)).toBe(true);
  expect(store(disk)).toBe(false);
});

it.skipIf(isRoot)(
  'finds a file that may only be read; its circuits are shown, because commands follow them',
  async () => {
    await using disk = await createTestState();
    store(disk);
    chmodSync(fileOf(disk), 0o400);
    const { state, circuits } = await ask(disk.directory);
    expect([state.status, state.message, circuits.status]).toEqual(['failed', expect.stringContaining('EACCES'), 'ok']);
  },
);

it.skipIf(!isRoot)('finds a file system without inodes', async () => {
  await using disk = await createTestState();
  const mount = join(dirname(disk.directory), 'mount');
  mkdirSync(mount);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'nr_inodes=3', 'none', mount]).status !== 0) {
    console.log('skipped: a file system without inodes needs a tmpfs, which cannot be mounted here');
    return;
  }
  try {
    const { state } = await ask(join(mount, 'state'));
    expect(state).toMatchObject({ status: 'failed', reason: 'full', message: expect.stringContaining('more files') });
    expect(readdirSync(mount)).toEqual([]);
  } finally {
    spawnSync('umount', [mount]);
    rmSync(mount, { recursive: true });
  }
});
