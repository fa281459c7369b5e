/**
 * Met: a download failed although every byte had arrived, when the connection broke just before its end.
 * Cause: the retry asked for the bytes behind the last one, which S3 answers with 416.
 * Fix: a cut after the last byte costs nothing: the bytes are checked, and the download is done.
 */
import { expect, it } from 'vitest';
import { responseOf, body, OBJECT, prepare } from '../support/fake-download.ts';

it('is done when the connection breaks only after the last byte', async () => {
  const { run, requests, process } = prepare((request) => ({
    ...responseOf(request),
    body: body(OBJECT, { fault: 'ECONNRESET' }),
  }));
  expect(await run()).toMatchObject({ bytes: 20, verifiedBy: 'md5' });
  expect(requests).toHaveLength(1);
  expect(process.verdicts).toEqual(['success']);
});
