import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/patience.ts';
import { Program, readDocument, type Ended } from '../support/program.ts';
import type { StoreProcess, TestStore } from './test-store.ts';

const MIB = 1024 * 1024;
const SMALL = 300;
/** An outage is noticed at once, and the circuit is open no longer than the store needs to start again. */
const QUICK = ['--retries', '2', '--retry-base', '50ms', '--open-for', '500ms', '--concurrency', '4', '--json'];

/** The store is killed in the midst of runs over one large object and over many small ones, and started again. */
export function describeOutage(store: TestStore, name: string): void {
  if (store.process === null) {
    console.log(`skipped: killing ${name} needs BREAKWATER_TEST_${name.toUpperCase()}_PID_FILE and _START`);
  }
  describe.skipIf(store.process === null)('when the store is killed', () => {
    const url = (key: string): string => `s3://${store.bucket}/outage/${key}`;

    // A test that failed must not leave the store down.
    afterEach(async () => {
      if (store.process !== null) await start(store.process);
    });

    it('ends puts with 75, and sends only the rest after it', async () => {
      await using program = await Program.create(store.env);
      const files = await writeTree(program.path('tree'));
      const body = randomBytes(96 * MIB);
      await writeFile(program.path('large'), body);
      const putLarge = ['put', ...QUICK, 'large', url('large')];
      const putMany = ['put', '-r', ...QUICK, 'tree/', url('tree/')];

      const large = program.start(putLarge);
      const upload = await store.waitForParts('outage/large', 2);
      large.child.kill('SIGSTOP');
      const many = program.start(putMany);
      await waitForMore(20, async () => await store.listKeys('outage/tree/'));
      many.child.kill('SIGSTOP');
      await killDuring(store.process!, [large, many]);
      await expectOutage(many.ended);
      expect([69, 75]).toContain((await large.ended).status);
      await restart(store.process!, program);

      const stored = (await store.listKeys('outage/tree/')).length;
      const sent = await program.run(putMany);
      expectRecovery(sent);
      expect(readDocument(sent)).toMatchObject({ objects: SMALL - stored, skipped: stored, failed: 0 });
      for (const [file, bytes] of files)
        expect((await store.read(`outage/tree/${file}`)).equals(bytes), file).toBe(true);

      const parts = (await store.listParts(upload)).reduce((sum, { Size = 0 }) => sum + Size, 0);
      const resumed = await program.run(putLarge);
      expect([resumed.status, linesOf(resumed)]).toEqual([0, []]);
      expect(readDocument(resumed)).toMatchObject({ bytes: body.length, resumed_bytes: parts });
      expect((await store.read('outage/large')).equals(body)).toBe(true);
      expect(await store.listUploads('outage/')).toEqual([]);
    });

    it('ends gets with 75, and fetches only the rest after it', async () => {
      await using program = await Program.create(store.env);
      const files = await writeTree(program.path('tree'));
      const body = randomBytes(96 * MIB);
      await store.put('outage/large', body);
      expect((await program.run(['put', '-r', 'tree/', url('tree/')])).status).toBe(0);
      await mkdir(program.path('to'));
      const getLarge = ['get', ...QUICK, url('large'), 'to/large'];
      const getMany = ['get', '-r', ...QUICK, url('tree/'), 'back'];

      const large = program.start(getLarge);
      await vi.waitFor(async () => expect(await countBytes(program.path('to'))).toBeGreaterThan(16 * MIB), PATIENCE);
      large.child.kill('SIGSTOP');
      const many = program.start(getMany);
      await waitForMore(20, async () => await listFiles(program.path('back')));
      many.child.kill('SIGSTOP');
      await killDuring(store.process!, [large, many]);
      await expectOutage(many.ended);
      expect([69, 75]).toContain((await large.ended).status);
      const skipped = (await listFiles(program.path('back'))).length;
      await restart(store.process!, program);

      const got = await program.run(getMany);
      expectRecovery(got);
      expect(readDocument(got)).toMatchObject({ objects: SMALL - skipped, skipped, failed: 0 });
      expect((await readdir(program.path('back'))).toSorted()).toEqual([...files.keys()].toSorted());
      for (const [file, bytes] of files)
        expect((await readFile(program.path('back', file))).equals(bytes), file).toBe(true);

      const resumed = await program.run(getLarge);
      expect([resumed.status, linesOf(resumed)]).toEqual([0, []]);
      expect(readDocument(resumed)['resumed_bytes']).toBeGreaterThan(0);
      expect((await readFile(program.path('to', 'large'))).equals(body)).toBe(true);
      expect(await readdir(program.path('to'))).toEqual(['large']);
    });
  });
}

async function writeTree(directory: string): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map(Array.from({ length: SMALL }, (_, index) => [`${index}+%é`, randomBytes(20_000 + index)]));
  await mkdir(directory);
  for (const [name, body] of files) await writeFile(`${directory}/${name}`, body);
  return files;
}

async function waitForMore(count: number, list: () => Promise<readonly string[]>): Promise<void> {
  await vi.waitFor(async () => expect((await list()).length).toBeGreaterThan(count), PATIENCE);
}

/** Kills the store behind runs that are stopped, so that none of them can finish first, and lets them go on. */
async function killDuring({ pidFile }: StoreProcess, runs: readonly { readonly child: ChildProcess }[]): Promise<void> {
  // The whole group: Swift's workers outlive their parent.
  process.kill(-Number(await readFile(pidFile, 'utf8')), 'SIGKILL');
  for (const { child } of runs) child.kill('SIGCONT');
}

async function expectOutage(ended: Promise<Ended>): Promise<void> {
  const killed = await ended;
  expect([killed.status, readDocument(killed).error], killed.stderr).toMatchObject([75, { code: 'circuit_open' }]);
}

/** The first run after the outage: its probes close the circuit, and nothing else is worth a line. */
function expectRecovery(ended: Ended): void {
  expect([ended.status, linesOf(ended)]).toEqual([
    0,
    [expect.stringContaining('probe due'), expect.stringContaining('-> closed')],
  ]);
}

/** What a run said, but for its progress on a slow machine and for attempts that a busy proxy cut off. */
function linesOf({ stderr }: Ended): readonly string[] {
  return stderr.split('\n').filter((line) => line !== '' && !/^progress: |^notice: (put|get)_object /.test(line));
}

/** Starts the store, and waits until the circuit admits a call again. */
async function restart(store: StoreProcess, program: Program): Promise<void> {
  await start(store);
  await vi.waitFor(async () => expect((await program.run(['breaker-status', '--check'])).status).toBe(0), {
    ...PATIENCE,
    interval: 100,
  });
}

/** Does nothing if the store is up. */
async function start({ start: script }: StoreProcess): Promise<void> {
  const child = spawn(script, { stdio: 'ignore' });
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
}

const isPart = (name: string): boolean => name.includes('breakwater-part');

/** The files that are complete. */
async function listFiles(directory: string): Promise<readonly string[]> {
  return (await readdir(directory).catch(() => [])).filter((name) => !isPart(name));
}

/** The bytes on the disk of the files that are not complete. */
async function countBytes(directory: string): Promise<number> {
  const parts = (await readdir(directory)).filter(isPart);
  const sizes = await Promise.all(parts.map(async (name) => (await stat(`${directory}/${name}`)).blocks * 512));
  return sizes.reduce((sum, size) => sum + size, 0);
}
