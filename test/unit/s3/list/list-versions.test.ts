import { describe, expect, it } from 'vitest';
import { abortUpload } from '../../../../src/s3/delete/abort-upload.ts';
import { listUploads, type UnfinishedUpload } from '../../../../src/s3/list/list-uploads.ts';
import { listVersions, type ListedVersion } from '../../../../src/s3/list/list-versions.ts';
import { formatHttpTime, formatTime } from '../../../../src/clock.ts';
import { createFakeGuard } from '../../../support/fake-guard.ts';
import { createFakeS3, errorResponse, runWithS3, type FakeResponse, type Respond } from '../../../support/fake-s3.ts';

const STORE_NOW_MS = 1_700_000_000_000;
const TIME = formatTime(STORE_NOW_MS);
const REQUEST = { bucket: 'b', prefix: 'p/' };

function answer(root: string, inner: string): FakeResponse {
  const headers = { 'content-type': 'application/xml', date: formatHttpTime(STORE_NOW_MS) };
  return { headers, body: `<?xml version="1.0"?><${root}>${inner}</${root}>` };
}

const entry = (key: string, id: string, isLatest: boolean): string =>
  `<Key>${encodeURIComponent(key)}</Key><VersionId>${id}</VersionId><IsLatest>${isLatest}</IsLatest><LastModified>${TIME}</LastModified>`;
const version = (key: string, id: string, isLatest = false): string =>
  `<Version>${entry(key, id, isLatest)}<Size>3</Size><ETag>"e"</ETag></Version>`;
const marker = (key: string, id: string, isLatest = false): string =>
  `<DeleteMarker>${entry(key, id, isLatest)}</DeleteMarker>`;
const versionsResponse = (inner: string): FakeResponse =>
  answer('ListVersionsResult', `<Name>b</Name><EncodingType>url</EncodingType>${inner}`);
const uploadsResponse = (inner: string): FakeResponse =>
  answer('ListMultipartUploadsResult', `<Bucket>b</Bucket><EncodingType>url</EncodingType>${inner}`);

function prepare(respond: Respond) {
  const fake = createFakeS3(respond);
  const { guard, clock, events } = createFakeGuard();
  const versions = async (startAfter: string | null = null): Promise<readonly ListedVersion[]> => {
    const found: ListedVersion[] = [];
    for await (const page of listVersions(fake.s3, guard, { ...REQUEST, startAfter })) found.push(...page.versions);
    return found;
  };
  const uploads = async (): Promise<readonly UnfinishedUpload[]> => {
    const found: UnfinishedUpload[] = [];
    for await (const page of listUploads(fake.s3, guard, REQUEST)) found.push(...page.uploads);
    return found;
  };
  return {
    ...fake,
    events,
    versions: async (startAfter?: string) => await runWithS3(clock, versions(startAfter)),
    uploads: async () => await runWithS3(clock, uploads()),
    abort: async () => await runWithS3(clock, abortUpload(fake.s3, guard, { bucket: 'b', key: 'k', uploadId: 'u' })),
  };
}

describe('listVersions', () => {
  it('brings versions and markers of one key together, in the order of UTF-8', async () => {
    const { versions } = prepare(() =>
      versionsResponse(
        [version('a', '1'), version('\u{ffff}', '1'), version('😀', '1'), marker('a', '2', true)].join(''),
      ),
    );
    expect((await versions()).map(({ key, versionId, isDeleteMarker }) => [key, versionId, isDeleteMarker])).toEqual([
      ['a', '1', false],
      ['a', '2', true],
      ['\u{ffff}', '1', false],
      ['😀', '1', false],
    ]);
  });

  it('begins behind a key, and goes on behind the last version of the last key, decoded', async () => {
    const { versions, requests } = prepare((_request, number) =>
      number === 1
        ? versionsResponse(
            `<IsTruncated>true</IsTruncated><NextKeyMarker>p%2Fa%20b</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>${version('p/a b', 'v1')}`,
          )
        : versionsResponse(version('p/c', 'v2')),
    );
    expect((await versions('p/Z')).map(({ key }) => key)).toEqual(['p/a b', 'p/c']);
    expect(requests.map(({ query }) => [query['key-marker'], query['version-id-marker']])).toEqual([
      ['p/Z', undefined],
      ['p/a b', 'v1'],
    ]);
  });

  it.each([
    ['a page of a proxy', '<Title>please log in</Title>'],
    ['a truncated page without a way to continue', '<Name>b</Name><IsTruncated>true</IsTruncated>'],
    ['a version without its id', `<Name>b</Name>${version('a', 'X').replace('<VersionId>X</VersionId>', '')}`],
    [
      'a version that does not say whether it is current',
      `<Name>b</Name>${version('a', '1').replace(/<IsLatest>.*<\/IsLatest>/u, '')}`,
    ],
  ])('takes %s for no answer of S3, never for no versions', async (_what, inner) => {
    const { versions } = prepare(() => answer('ListVersionsResult', inner));
    await expect(versions()).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
  });
});

describe('listUploads', () => {
  const upload = (key: string, id: string): string =>
    `<Upload><Key>${encodeURIComponent(key)}</Key><UploadId>${id}</UploadId><Initiated>${TIME}</Initiated></Upload>`;

  it('follows both markers to the last page, one operation each', async () => {
    const { uploads, requests, events } = prepare((_request, number) =>
      number === 1
        ? uploadsResponse(
            `<IsTruncated>true</IsTruncated><NextKeyMarker>p%2Fa%20b</NextKeyMarker><NextUploadIdMarker>1</NextUploadIdMarker>${upload('p/a b', '1')}`,
          )
        : uploadsResponse(upload('p/c', '2')),
    );
    expect(await uploads()).toEqual([
      { key: 'p/a b', uploadId: '1', startedAtMs: STORE_NOW_MS },
      { key: 'p/c', uploadId: '2', startedAtMs: STORE_NOW_MS },
    ]);
    expect(requests[1]?.query).toMatchObject({ 'key-marker': 'p/a b', 'upload-id-marker': '1', prefix: 'p/' });
    expect(events.filter(({ kind }) => kind === 'operation_finished')).toMatchObject([
      { operation: 'list_uploads' },
      { operation: 'list_uploads' },
    ]);
  });

  it.each([
    ['a page of a proxy', '<Title>please log in</Title>'],
    ['an upload without its time', `<Bucket>b</Bucket>${upload('a', '1').replace(/<Initiated>.*<\/Initiated>/u, '')}`],
  ])('takes %s for no answer of S3, never for no uploads', async (_what, inner) => {
    const { uploads } = prepare(() => answer('ListMultipartUploadsResult', inner));
    await expect(uploads()).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'not_s3' } });
  });
});

describe('abortUpload', () => {
  it.each([
    ['is done', { status: 204 }, 'aborted'],
    ['says so where the upload is not found', errorResponse(404, 'NoSuchUpload'), 'missing'],
    ['is denied', errorResponse(403, 'AccessDenied'), 'access_denied'],
    ['fails where the bucket is not there', errorResponse(404, 'NoSuchBucket'), 'not_found'],
  ])('%s', async (_what, response, code) => {
    const { abort } = prepare(() => response);
    if (code === 'aborted' || code === 'missing') expect(await abort()).toBe(code);
    else await expect(abort()).rejects.toMatchObject({ code });
  });
});
