import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import Get from '../../src/commands/get.ts';
import Put from '../../src/commands/put.ts';
import { runInProcess } from '../support/in-process.ts';
import { ODD_PATHS, UNSAFE_KEYS } from '../support/odd-names.ts';
import { Program, readDocument } from '../support/program.ts';
import type { TestStore } from './test-store.ts';

/** Names that some part of the way would like to read as something else. */
export function describeNames(store: TestStore): void {
  it('takes every odd name, each with an explicit destination, and sweeps them all', async () => {
    await using program = await Program.create(store.env);
    await using bucket = await store.createBucket();
    Object.assign(process.env, store.env);
    const surroundings = { env: program.env, home: program.directory };
    const [from, to] = [program.path('from'), program.path('to')];
    const wrong: string[] = [];
    // Both stores refuse a NUL in a key.
    for (const key of Object.values({ ...ODD_PATHS, ...UNSAFE_KEYS }).filter((name) => !name.includes('\0'))) {
      await writeFile(from, `the bytes of ${key}`);
      const put = await runInProcess(Put, [from, `s3://${bucket.name}/${key}`], surroundings);
      const get = await runInProcess(Get, [`s3://${bucket.name}/${key}`, to], surroundings);
      const isRight = put.status === 0 && get.status === 0 && (await readFile(to, 'utf8')) === `the bytes of ${key}`;
      if (!isRight) wrong.push(`${JSON.stringify(key.slice(0, 40))}: ${put.stderr}${get.stderr}`);
    }
    expect(wrong).toEqual([]);
    // Names that XML cannot hold, or that it escapes, in one batch of deletes.
    await store.waitForAge();
    const swept = await program.run([
      'sweep',
      `s3://${bucket.name}/`,
      '--all',
      '--older-than',
      '1ms',
      '--yes',
      '--json',
    ]);
    expect(readDocument(swept)).toMatchObject({ ok: true, failed: 0 });
    expect(await store.listKeys('', bucket.name)).toEqual([]);
  });

  it('brings a tree of odd names there and back', async () => {
    await using program = await Program.create(store.env);
    const names = Object.values(ODD_PATHS).filter((name) => Buffer.byteLength(name) < 1000);
    for (const name of names) {
      await mkdir(dirname(program.path('tree', name)), { recursive: true });
      await writeFile(program.path('tree', name), `the bytes of ${name}`);
    }
    const sent = await program.run(['put', '-r', '--json', 'tree/', `s3://${store.bucket}/odd/`]);
    expect([sent.status, sent.stderr]).toEqual([0, '']);
    expect(readDocument(sent)).toMatchObject({ objects: names.length, failed: 0 });
    for (const name of names) expect((await store.read(`odd/${name}`)).toString()).toBe(`the bytes of ${name}`);

    const got = await program.run(['get', '-r', '--json', `s3://${store.bucket}/odd/`, 'back']);
    expect([got.status, got.stderr]).toEqual([0, '']);
    expect(readDocument(got)).toMatchObject({ objects: names.length, failed: 0 });
    const entries = await readdir(program.path('back'), { recursive: true, withFileTypes: true });
    expect(entries.filter((entry) => entry.isFile())).toHaveLength(names.length);
    for (const name of names) expect(await readFile(program.path('back', name), 'utf8')).toBe(`the bytes of ${name}`);
    const again = await program.run(['get', '-r', '--json', `s3://${store.bucket}/odd/`, 'back']);
    expect(readDocument(again)).toMatchObject({ objects: 0, skipped: names.length, failed: 0 });

    await store.waitForAge();
    const argv = ['sweep', `s3://${store.bucket}/odd/`, '--older-than', '1ms', '--yes', '--json', '--verbose'];
    const swept = await program.run(argv);
    expect(readDocument(swept)).toMatchObject({
      complete: true,
      matched: names.length,
      deleted: names.length,
      failed: 0,
    });
    expect(await store.listKeys('odd/')).toEqual([]);
  });
}
