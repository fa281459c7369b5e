/**
 * Met: a listing that begins with a byte order mark ended `get -r` and `sweep` with 69. A listing with a common prefix that
 *   it does not count was refused with "the listing has 1 objects, and counts 1".
 * Cause: the mark was taken for text before the first element. The message left out the common prefixes.
 * Fix: the mark is skipped, as XML has it; the message names the common prefixes.
 */
import { expect, it } from 'vitest';
import { listObjects } from '../../src/s3/list/list-objects.ts';
import { readXmlPage } from '../../src/s3/list/xml-entries.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { createFakeS3, runWithS3 } from '../support/fake-s3.ts';
import { KEYED_LISTINGS, pageOf } from '../support/listings.ts';

const MARK = '\u{feff}';

it.each(KEYED_LISTINGS)('reads a listing of %s behind a byte order mark', (kind) => {
  const { body } = pageOf(kind, { keys: ['a', 'b'] });
  const names = new Set(['Contents', 'Version', 'Upload']);
  expect(readXmlPage(Buffer.from(`${MARK}${body}`), names)).toEqual(readXmlPage(Buffer.from(body), names));
});

it('takes a mark for text anywhere else', () => {
  const { body } = pageOf('objects', { keys: ['a'] });
  const names = new Set(['Contents']);
  for (const text of [`${MARK}${MARK}${body}`, `${body}${MARK}`]) {
    expect(() => readXmlPage(Buffer.from(text), names)).toThrow('the response has text between its elements');
  }
});

it('names the common prefixes of a listing that does not count them', async () => {
  const more = '<KeyCount>1</KeyCount><CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes>';
  const { s3 } = createFakeS3(() => pageOf('objects', { keys: ['a'], more }));
  const { guard, clock } = createFakeGuard();
  const list = listObjects(s3, guard, { bucket: 'b', prefix: '' }).next();
  const message = expect.stringContaining('the listing has 1 object and 1 common prefix, and counts 1') as string;
  await expect(runWithS3(clock, list)).rejects.toMatchObject({ code: 'unavailable', message });
});
