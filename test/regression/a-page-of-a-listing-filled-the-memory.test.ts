/**
 * Met: a page of a listing with 400 MB took 480 MB of memory.
 * Cause: a page was read to its end, whatever its size.
 * Fix: reading ends, and the connection closes, as soon as a page is larger than one of S3 can be.
 */
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { PAGE_BYTES_MAX } from '../../src/s3/list/page-entries.ts';
import { entryOf, LISTINGS, pageOf, runListing } from '../support/listings.ts';

it.each(LISTINGS)('a page of %s without end is refused while it is read', async (kind) => {
  const bodies: Readable[] = [];
  let sentBytes = 0;
  const chunk = Buffer.from(entryOf(kind, '1').repeat(1000));
  const { error } = await runListing(kind, () => {
    const endless = function* (): Generator<Buffer> {
      yield Buffer.from('<R>');
      for (;;) {
        sentBytes += chunk.length;
        yield chunk;
      }
    };
    const body = Readable.from(endless());
    bodies.push(body);
    return { body };
  });
  expect(error).toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
  expect(bodies.every(({ destroyed }) => destroyed)).toBe(true);
  // A stream reads ahead by 16 chunks.
  expect(sentBytes / bodies.length).toBeLessThan(PAGE_BYTES_MAX + 20 * chunk.length);
});

it('the longest keys fit', async () => {
  const key = '%F0%9F%98%80'.repeat(256);
  const entries = Array.from({ length: 1000 }, () =>
    entryOf('objects', key).replace('<Size>', `<Owner><ID>${'f'.repeat(64)}</ID></Owner><Size>`),
  ).join('');
  const { keys, error } = await runListing('objects', () => pageOf('objects', { entries }));
  expect(error).toBeNull();
  expect(keys).toHaveLength(1000);
});
