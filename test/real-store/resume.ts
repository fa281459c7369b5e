import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/patience.ts';
import { Program, readDocument } from '../support/program.ts';
import type { TestStore } from './test-store.ts';

const MIB = 1024 * 1024;

/** Large transfers that were interrupted, and what became of their uploads meanwhile. */
export function describeResume(store: TestStore): void {
  /** Kills an upload of 96 MiB that has three parts, and returns the command that goes on with it. */
  async function killUpload(program: Program, key: string) {
    const body = randomBytes(96 * MIB);
    await writeFile(program.path('file'), body);
    const argv = ['put', '--json', '--quiet', 'file', `s3://${store.bucket}/${key}`];
    const { child, ended } = program.start(argv);
    const upload = await store.waitForParts(key, 3);
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');
    return { argv, body, upload };
  }

  it('goes on with an upload that was killed', async () => {
    await using program = await Program.create(store.env);
    const { argv, body } = await killUpload(program, 'killed/up');
    const next = await program.run(argv);
    expect([next.status, /error|warning/.test(next.stderr)]).toEqual([0, false]);
    expect(readDocument(next)['resumed_bytes']).toBeGreaterThanOrEqual(3 * 5 * MIB);
    expect((await store.read('killed/up')).equals(body)).toBe(true);
    expect(await store.listUploads('killed/')).toEqual([]);
  });

  it('begins anew when the upload is gone that it would go on with', async () => {
    await using program = await Program.create(store.env);
    const { argv, body, upload } = await killUpload(program, 'gone/up');
    await store.abort(upload);
    const next = await program.run(argv);
    expect([next.status, /error|warning/.test(next.stderr)]).toEqual([0, false]);
    expect(readDocument(next)).toMatchObject({ bytes: body.length, resumed_bytes: 0 });
    expect((await store.read('gone/up')).equals(body)).toBe(true);
    expect(await store.listUploads('gone/')).toEqual([]);
  });

  it('fails an upload that someone else aborts under way, and begins anew with the next run', async () => {
    await using program = await Program.create(store.env);
    const body = randomBytes(96 * MIB);
    await writeFile(program.path('file'), body);
    const argv = ['put', '--json', 'file', `s3://${store.bucket}/aborted/up`];
    const { child, ended } = program.start(argv);
    const upload = await store.waitForParts('aborted/up', 2);
    child.kill('SIGSTOP');
    await store.abort(upload);
    child.kill('SIGCONT');
    const failed = await ended;
    expect(failed.status).toBe(69);
    expect(readDocument(failed).error).toMatchObject({ code: 'unavailable', reason: 'upload_aborted' });
    const next = await program.run(argv);
    expect([next.status, next.stderr.includes('error')]).toEqual([0, false]);
    expect((await store.read('aborted/up')).equals(body)).toBe(true);
    // Ceph keeps an upload again whose part was still on its way.
    for (const left of await store.listUploads('aborted/')) await store.abort(left);
  });

  it('goes on with a download that was killed', async () => {
    await using program = await Program.create(store.env);
    const body = randomBytes(96 * MIB);
    await store.put('killed/down', body);
    await mkdir(program.path('to'));
    const argv = ['get', '--json', '--quiet', `s3://${store.bucket}/killed/down`, 'to/copy'];
    const { child, ended } = program.start(argv);
    const countBlocks = async (): Promise<number> => {
      const [name] = await readdir(program.path('to'));
      return name === undefined ? 0 : (await stat(program.path('to', name))).blocks;
    };
    await vi.waitFor(async () => expect((await countBlocks()) * 512).toBeGreaterThan(32 * MIB), PATIENCE);
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');

    const next = await program.run(argv);
    expect([next.status, /error|warning/.test(next.stderr)]).toEqual([0, false]);
    expect(readDocument(next)['resumed_bytes']).toBeGreaterThan(0);
    expect((await readFile(program.path('to', 'copy'))).equals(body)).toBe(true);
    expect(await readdir(program.path('to'))).toEqual(['copy']);
  });
}
