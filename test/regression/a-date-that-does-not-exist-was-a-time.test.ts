/**
 * Met: February 30 in a `Last-Modified` was March 1 or 2, `9999` a `Date`, and any other text there an error about an
 *   object that was fine.
 * Cause: the SDK and JavaScript read times leniently, or throw.
 * Fix: what is not IMF-fixdate is taken out of the response before the SDK reads it; listings are read by a parser of our own.
 */
import { HttpResponse } from '@smithy/core/protocols';
import { expect, it } from 'vitest';
import { readObjectResponse } from '../../src/s3/connection/direct-response.ts';
import { statObject } from '../../src/s3/download/stat-object.ts';
import { listUploads } from '../../src/s3/list/list-uploads.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { createFakeS3, runWithS3 } from '../support/fake-s3.ts';

it.each(['Fri, 30 Feb 2024 00:00:00 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', '1700000000', 'soon', ''])(
  'knows no time of an object that was modified %j',
  async (text) => {
    const { s3 } = createFakeS3(() => ({ headers: { etag: '"e"', 'last-modified': text, date: text } }));
    const { guard, clock } = createFakeGuard();
    const stat = statObject(s3, guard, { bucket: 'b', key: 'a', versionId: null });
    expect(await runWithS3(clock, stat)).toMatchObject({ etag: '"e"', modifiedMs: null });
    const response = new HttpResponse({ statusCode: 200, headers: { 'last-modified': text } });
    expect(readObjectResponse(response).head.LastModified).toBeUndefined();
  },
);

it.each(['2024-02-30T00:00:00Z', '2024-01-01T25:00:00Z', '2024-01-01T00:00:00', 'soon', ''])(
  'does not take %j for the begin of an upload',
  async (text) => {
    const upload = `<Upload><Key>a</Key><UploadId>u</UploadId><Initiated>${text}</Initiated></Upload>`;
    const body = `<ListMultipartUploadsResult><Bucket>b</Bucket>${upload}</ListMultipartUploadsResult>`;
    const { s3 } = createFakeS3(() => ({ headers: { 'content-type': 'application/xml' }, body }));
    const { guard, clock } = createFakeGuard();
    const page = listUploads(s3, guard, { bucket: 'b', prefix: '' }).next();
    await expect(runWithS3(clock, page)).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
  },
);
