import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.ts';
import { createSignedSender, type SendSigned } from '../../support/signed-request.ts';

/** The documents of listings, to the letter. */
let sandbox: TestSandbox;
let send: SendSigned;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  send = createSignedSender(sandbox);
  sandbox.createBucket('odd');
  for (const key of ODD.keys()) sandbox.putObject('odd', key, { body: '' });
  for (const key of ['a', 'b/1', 'b/2', 'c', 'd']) sandbox.putObject('bucket', key, { body: key });
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());

/** As AWS encodes them; measured there, except for the controls. */
const ODD: ReadonlyMap<string, string> = new Map([
  ['a b.txt', 'a+b.txt'],
  ['a+b.txt', 'a%2Bb.txt'],
  ['100%.csv', '100%25.csv'],
  ['한글/x.txt', '%ED%95%9C%EA%B8%80/x.txt'],
  ['run books/x.txt', 'run+books/x.txt'],
  ['test_file(3).png', 'test_file%283%29.png'],
  ['-_.*', '-_.*'],
  ["~!'", '%7E%21%27'],
  ['\u0001\r\n\t\u007f', '%01%0D%0A%09%7F'],
  ['<&>"', '%3C%26%3E%22'],
  ['\u{1f600}', '%F0%9F%98%80'],
]);

const LISTINGS = [{ 'list-type': '2' }, {}, { versions: '' }] as const;

const list = async (query: Record<string, string> = {}) =>
  await send('GET', '/bucket', { query: { 'list-type': '2', ...query } });
const readAll = (text: string, element: string): readonly string[] =>
  [...text.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs'))].map(([, found = '']) => found);

describe('encoded names', () => {
  it.each(LISTINGS)('in %j are those of AWS', async (kind) => {
    const { text } = await send('GET', '/odd', { query: { ...kind, 'encoding-type': 'url' } });
    expect(readAll(text, 'Key').toSorted()).toEqual([...ODD.values()].toSorted());
  });

  it.each(LISTINGS)('in %j include prefixes, delimiters and markers', async (kind) => {
    const marker = 'list-type' in kind ? 'start-after' : 'versions' in kind ? 'key-marker' : 'marker';
    const query = { ...kind, 'encoding-type': 'url', delimiter: '/', prefix: 'run b', [marker]: 'run b' };
    const { text } = await send('GET', '/odd', { query });
    expect(readAll(text, 'Prefix')).toEqual(['run+b', 'run+books/']);
    expect(readAll(text, 'Delimiter')).toEqual(['/']);
    expect(/<(?:StartAfter|KeyMarker|Marker)>(.*?)</.exec(text)?.[1]).toBe('run+b');
  });

  it('have no other encoding than url', async () => {
    for (const kind of [...LISTINGS, { uploads: '' }]) {
      expect((await send('GET', '/odd', { query: { ...kind, 'encoding-type': 'base64' } })).code).toBe(
        'InvalidArgument',
      );
    }
  });

  it('are numeric references for controls where no encoding is requested', async () => {
    expect(readAll((await send('GET', '/odd', { query: { prefix: '\u0001' } })).text, 'Key')).toEqual([
      '&#1;&#13;&#10;&#9;&#127;',
    ]);
  });
});

describe('a page', () => {
  it('repeats start-after, also behind a token', async () => {
    const first = await list({ 'start-after': 'a', 'max-keys': '1' });
    expect([readAll(first.text, 'StartAfter'), readAll(first.text, 'Key')]).toEqual([['a'], ['b/1']]);
    const [token = ''] = readAll(first.text, 'NextContinuationToken');
    const second = await list({ 'start-after': 'a', 'max-keys': '1', 'continuation-token': token });
    expect([readAll(second.text, 'StartAfter'), readAll(second.text, 'Key')]).toEqual([['a'], ['b/2']]);
    expect(readAll((await list()).text, 'StartAfter')).toEqual([]);
  });

  it('names the owner of each object if requested, and always in the older listings', async () => {
    expect(readAll((await list()).text, 'Owner')).toHaveLength(0);
    expect(readAll((await list({ 'fetch-owner': 'false' })).text, 'Owner')).toHaveLength(0);
    const owners = readAll((await list({ 'fetch-owner': 'true' })).text, 'Owner');
    expect(owners).toHaveLength(5);
    expect(owners[0]).toMatch(/^<ID>[0-9a-f]{64}<\/ID>/);
    expect(readAll((await send('GET', '/bucket')).text, 'Owner')).toHaveLength(5);
    expect(readAll((await send('GET', '/bucket', { query: { versions: '' } })).text, 'Owner')).toHaveLength(5);
  });

  it('of the oldest listing has a marker only with a delimiter', async () => {
    const page = async (query: Record<string, string>) =>
      (await send('GET', '/bucket', { query: { 'max-keys': '2', ...query } })).text;
    expect([readAll(await page({}), 'IsTruncated'), readAll(await page({}), 'NextMarker')]).toEqual([['true'], []]);
    expect(readAll(await page({ delimiter: '/' }), 'NextMarker')).toEqual(['b/']);
  });

  it.each([
    ['0', '0', 'false'],
    ['1', '1', 'true'],
    ['1000', '1000', 'false'],
    ['1001', '1000', 'false'],
    ['2147483647', '1000', 'false'],
  ])('of max-keys=%s has at most %s entries', async (maxKeys, echoed, isTruncated) => {
    const { text } = await list({ 'max-keys': maxKeys });
    expect([readAll(text, 'MaxKeys'), readAll(text, 'IsTruncated')]).toEqual([[echoed], [isTruncated]]);
    if (maxKeys === '0') expect(readAll(text, 'KeyCount')).toEqual(['0']);
  });

  it.each(['-1', 'x', '', '1.5', '1e3', '2147483648', '99999999999'])('has no max-keys=%j', async (maxKeys) => {
    for (const [path, query] of [
      ['/bucket', { 'list-type': '2', 'max-keys': maxKeys }],
      ['/bucket', { 'max-keys': maxKeys }],
      ['/bucket', { versions: '', 'max-keys': maxKeys }],
      ['/bucket', { uploads: '', 'max-uploads': maxKeys }],
    ] as const) {
      const { status, code } = await send('GET', path, { query });
      expect([status, code]).toEqual([400, 'InvalidArgument']);
    }
  });

  it('has no token that the sandbox did not give', async () => {
    const [token = ''] = readAll((await list({ 'max-keys': '1' })).text, 'NextContinuationToken');
    const forged = Buffer.from('1b/1').toString('base64url');
    for (const wrong of ['', 'x', 'MQ', forged, `${token}A`, token.slice(1), `${token}=`, 'b/1']) {
      const { status, code } = await list({ 'continuation-token': wrong });
      expect([status, code], wrong).toEqual([400, 'InvalidArgument']);
    }
    expect((await list({ 'continuation-token': token })).status).toBe(200);
  });
});
