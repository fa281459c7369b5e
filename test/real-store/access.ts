import { mkdir, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { Program, readDocument } from '../support/program.ts';
import type { StoreTraits } from './describe-store.ts';
import type { TestStore } from './test-store.ts';

const DENIED = { code: 'access_denied', http_status: 403, attempts: 1, hint: expect.stringContaining('administrator') };
const COUNT = 48;

/** Accounts and regions that are not the right ones. */
export function describeAccess(store: TestStore, { name, traits }: { name: string; traits: StoreTraits }): void {
  it('refuses a wrong secret without a retry, and no circuit is moved', async () => {
    await using program = await Program.create({ ...store.env, AWS_SECRET_ACCESS_KEY: 'wrong' });
    await writeFile(program.path('file'), 'x');
    const ended = await program.run(['put', '--json', 'file', 's3://any-bucket/key']);
    expect(ended.status).toBe(77);
    const hint = expect.stringContaining('secret key does not belong') as string;
    expect(readDocument(ended).error).toMatchObject({ ...DENIED, hint });
    expect((await program.run(['breaker-status', '--check'])).status).toBe(0);
  });

  it('finds the region that the store names, or takes the one that is given', async () => {
    await using program = await Program.create({ ...store.env, AWS_REGION: 'eu-west-9' });
    await writeFile(program.path('file'), 'x');
    const put = await program.run(['put', '--json', 'file', `s3://${store.bucket}/region`]);
    expect([put.status, put.stderr], `region checked: ${traits.checksRegion}`).toEqual([0, '']);
    const got = await program.run(['get', `s3://${store.bucket}/region`, '-']);
    expect([got.status, got.text]).toEqual([0, 'x']);
  });

  if (store.deniedAccount === null) {
    const variable = `BREAKWATER_TEST_${name.toUpperCase()}_DENIED_ACCESS_KEY_ID`;
    console.log(`skipped: tests of a denied account at ${name} need ${variable} and its secret`);
  }
  describe.skipIf(store.deniedAccount === null)('an account that may do nothing', () => {
    const keys = Array.from({ length: COUNT }, (_, index) => `denied/${index}`);
    beforeAll(async () => {
      await Promise.all(keys.map((key) => store.put(key, 'x')));
    });
    const createProgram = async (): Promise<Program> => await Program.create({ ...store.env, ...store.deniedAccount });

    it('cannot put, get or list', async () => {
      await using program = await createProgram();
      await writeFile(program.path('file'), 'x');
      const object = `s3://${store.bucket}/denied/0`;
      for (const argv of [
        ['put', '--json', 'file', object],
        ['get', '--json', object, 'copy'],
        ['get', '-r', '--json', `s3://${store.bucket}/denied/`, 'copies'],
        ['sweep', `s3://${store.bucket}/denied/`, '--older-than', '0', '--yes', '--json'],
      ]) {
        const refused = await program.run(argv);
        expect([refused.status, readDocument(refused).error], argv.join(' ')).toMatchObject([77, DENIED]);
      }
      expect((await program.run(['breaker-status', '--check'])).status).toBe(0);
    });

    it('stops a put of many early', async () => {
      await using program = await createProgram();
      await mkdir(program.path('tree'));
      for (let index = 0; index < 4 * COUNT; index += 1) await writeFile(program.path('tree', String(index)), 'x');
      const refused = await program.run(['put', '-r', '--json', 'tree/', `s3://${store.bucket}/never/`]);
      expect(refused.status).toBe(77);
      const document = readDocument(refused);
      expect(document.error).toMatchObject({ ...DENIED, attempts: expect.anything() });
      expect(document['failed']).toBeLessThan(4 * COUNT);
      expect(await store.listKeys('never/')).toEqual([]);
    });

    it('stops a sweep of named keys early, with nothing deleted', async () => {
      await using program = await createProgram();
      const argv = [
        'sweep',
        `s3://${store.bucket}/denied/`,
        '--keys-from',
        '-',
        '--older-than',
        '0',
        '--yes',
        '--json',
      ];
      const refused = await program.run(argv, { input: keys.map((key) => `${key}\n`).join('') });
      expect(refused.status).toBe(77);
      expect(readDocument(refused)).toMatchObject({ error: { code: 'access_denied' }, deleted: 0, complete: false });
      expect(await store.listKeys('denied/')).toHaveLength(COUNT);
    });
  });
}
