import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { createSignedSender, type SendSigned } from '../../support/signed-request.ts';

let sandbox: TestSandbox;
let send: SendSigned;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  send = createSignedSender(sandbox);
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());

describe('a new bucket', () => {
  it.each([
    'ab',
    'a'.repeat(64),
    'Upper',
    'under_score',
    '-first',
    'last-',
    '.first',
    'last.',
    'two..dots',
    '192.168.5.4',
    '1.2.3.4',
    'xn--name',
    'sthree-name',
    'amzn-s3-demo-bucket',
    'name-s3alias',
    'name--ol-s3',
    'name.mrap',
    'name--x-s3',
    'name--table-s3',
  ])('is not named %j', async (name) => {
    const { status, code } = await send('PUT', `/${name}`);
    expect([status, code]).toEqual([400, 'InvalidBucketName']);
    expect(() => sandbox.createBucket(name)).toThrow(/not valid/);
  });

  it.each(['abc', 'a'.repeat(63), '123', 'a.b-c', 'a--b', '1.2.3', '1.2.3.4.5', 'x-s3'])(
    'may be named %j',
    async (name) => {
      expect((await send('PUT', `/${name}`)).status).toBe(200);
    },
  );

  const create = async (name: string, configuration: string) =>
    await send('PUT', `/${name}`, {
      body: `<CreateBucketConfiguration>${configuration}</CreateBucketConfiguration>`,
    });

  it('has the location of its configuration', async () => {
    await create('abroad', '<LocationConstraint>eu-central-1</LocationConstraint>');
    expect((await send('GET', '/abroad', { query: { location: '' } })).text).toContain('>eu-central-1<');
    expect((await send('GET', '/bucket', { query: { location: '' } })).text).not.toContain('us-east-1');
  });

  it('has no other configuration', async () => {
    expect((await create('tagged', '<Tags><Tag/></Tags>')).code).toBe('NotImplemented');
    expect((await create('nowhere', '<LocationConstraint>us-east-1</LocationConstraint>')).code).toBe(
      'InvalidLocationConstraint',
    );
    expect((await send('PUT', '/malformed', { body: '<Other/>' })).code).toBe('MalformedXML');
    for (const name of ['tagged', 'nowhere', 'malformed']) expect((await send('HEAD', `/${name}`)).status).toBe(404);
  });
});
