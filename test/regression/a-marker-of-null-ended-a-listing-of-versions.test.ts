/**
 * Met: on Swift, a sweep of versions went through the first page only, and said that it was complete. A delete marker at
 *   the end of a page lost sight of the versions behind it, so deleting it would have restored the newest.
 * Cause: Swift's NextVersionIdMarker is `null` whatever the last version is, and what follows `null` is an empty last page.
 * Fix: where the marker is `null`, the last version of its key on the page is the start of the next one.
 */
import { expect, it } from 'vitest';
import { listVersions } from '../../src/s3/list/list-versions.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { createFakeS3, runWithS3, type FakeRequest, type FakeResponse } from '../support/fake-s3.ts';

const IDS = ['3', '2', '1'];

/** Pages of one version, as Swift lists them. */
function respond({ query }: FakeRequest): FakeResponse {
  const after = query['version-id-marker'];
  const index = after === undefined ? 0 : IDS.findIndex((each) => each === after) + 1;
  // Behind an id that is none of them there is nothing.
  const id = after === 'null' ? undefined : IDS[index];
  const isTruncated = id !== undefined && index < IDS.length - 1;
  const markers = isTruncated ? '<NextKeyMarker>k</NextKeyMarker><NextVersionIdMarker>null</NextVersionIdMarker>' : '';
  const fields = `<Key>k</Key><VersionId>${id}</VersionId><IsLatest>${index === 0}</IsLatest><LastModified>2026-01-01T00:00:00.000Z</LastModified>`;
  const entry = index === 0 ? `<DeleteMarker>${fields}</DeleteMarker>` : `<Version>${fields}<Size>1</Size></Version>`;
  return {
    headers: { 'content-type': 'application/xml' },
    body: `<ListVersionsResult><Name>b</Name><EncodingType>url</EncodingType><IsTruncated>${isTruncated}</IsTruncated>${markers}${id === undefined ? '' : entry}</ListVersionsResult>`,
  };
}

it('lists the versions behind a page whose marker is null', async () => {
  const { s3 } = createFakeS3(respond);
  const { guard, clock } = createFakeGuard();
  const list = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const { versions } of listVersions(s3, guard, { bucket: 'b', prefix: '' })) {
      found.push(...versions.map(({ versionId }) => versionId));
    }
    return found;
  };
  expect(await runWithS3(clock, list())).toEqual(IDS);
});
