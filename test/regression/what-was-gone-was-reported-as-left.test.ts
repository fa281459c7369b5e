/**
 * Met: sweeps of stores that answer a deletion in their own way deleted nothing, or reported as left what was gone: stores
 *   that name only errors, that leave out the version (Swift), that encode keys, that name a key twice.
 * Cause: an answer that did not name each key exactly once counted as no answer of S3; it was sent again until the
 *   retries were used up, and every key counted as left.
 * Fix: what the answer names without doubt is believed; a look settles the rest. What is still there is deleted once more.
 */
import { expect, it } from 'vitest';
import { deletedResponse, ETAG, honours, prepare, target, type Asked } from '../support/fake-deletes.ts';
import { errorResponse, type FakeResponse } from '../support/fake-s3.ts';

type Say = (asked: readonly Asked[]) => FakeResponse;

const nothing: Say = () => deletedResponse([]);
const keysAlone: Say = (asked) => deletedResponse(asked.map((each) => ({ ...each, versionId: null })));
const firstKeysAlone: Say = (asked) => keysAlone(asked.slice(1));
const encoded: Say = (asked) => deletedResponse(asked.map((each) => ({ ...each, key: encodeURIComponent(each.key) })));
const twice: Say = (asked) => deletedResponse([...asked.slice(1), ...asked.slice(1)]);

const objects = ['a', 'b c', 'b%20c', 'd'].map((key) => target(key));
const versions = ['1', '2', 'null'].map((versionId) => target('a', { versionId }));

it.each([
  ['names nothing', nothing],
  ['names keys without versions', keysAlone],
  ['names fewer keys than versions', firstKeysAlone],
  ['encodes keys', encoded],
  ['names keys twice', twice],
])('counts what is gone as deleted where the store %s', async (_what, say) => {
  for (const items of [objects, versions]) {
    const there = new Set(items.map(({ key, versionId }) => `${key} ${versionId ?? ''}`));
    const { run } = prepare(
      (asked, _number, { method, path, query }) => {
        const { versionId } = query;
        const id = `${decodeURIComponent(path.slice('/b/'.length))} ${typeof versionId === 'string' ? versionId : ''}`;
        if (method === 'HEAD') return there.has(id) ? { headers: { etag: ETAG } } : { status: 404 };
        if (method === 'GET') return errorResponse(404, 'NoSuchVersion');
        for (const each of asked) {
          if (honours(each) === null) there.delete(`${each.key} ${each.versionId ?? ''}`);
        }
        return say(asked.filter((each) => honours(each) === null));
      },
      { isTried: false },
    );
    const { deleted, changed, stayed, error } = await run(...items);
    expect(deleted).toHaveLength(items.length);
    expect({ changed, stayed, error, left: [...there] }).toEqual({ changed: [], stayed: [], error: null, left: [] });
  }
});

it('never counts as deleted what a store names under an encoded name and denies', async () => {
  const { run } = prepare((asked, _number, { method }) => {
    if (method === 'HEAD') return { headers: { etag: ETAG } };
    // The answer about `b c` has the name of another key that was asked for.
    return deletedResponse(
      asked.map((each) => ({ ...each, key: encodeURIComponent(each.key) })),
      ({ key }) => (key === 'b%20c' ? null : 'AccessDenied'),
    );
  });
  expect(await run('b c', 'b%20c')).toMatchObject({ deleted: [], error: null });
});

it('asks for the code behind a look that is refused, and names it', async () => {
  const { run } = prepare((_asked, _number, { method }) => {
    if (method === 'HEAD') return { status: 403 };
    return method === 'GET' ? errorResponse(403, 'AccessDenied') : deletedResponse([]);
  });
  expect(await run('a')).toMatchObject({ deleted: [], stayed: ['a not_confirmed'], error: null });
});

it('does not take a 404 without a code for a deletion, one by one', async () => {
  const { run } = prepare(
    (_asked, _number, { method }) => {
      if (method === 'POST') return errorResponse(501, 'NotImplemented');
      if (method === 'DELETE') return { status: 404, body: '<html>not here</html>' };
      return { headers: { etag: ETAG } };
    },
    { isTried: false },
  );
  expect(await run('a')).toMatchObject({ deleted: [], stayed: [expect.stringMatching(/^a /)] });
});

it('takes a delete marker that no HEAD shows for gone only if no listing shows it', async () => {
  const there = new Set(['m1', 'm2']);
  const { run } = prepare((_asked, _number, { method, query }) => {
    if (method === 'HEAD') return { status: 404 };
    if (method === 'POST') {
      there.delete('m1');
      return deletedResponse([]);
    }
    if (!('versions' in query)) return errorResponse(404, 'NoSuchKey');
    const markers = [...there].map(
      (id) =>
        `<DeleteMarker><Key>a</Key><VersionId>${id}</VersionId><IsLatest>false</IsLatest>` +
        '<LastModified>2026-01-01T00:00:00Z</LastModified></DeleteMarker>',
    );
    const body = `<ListVersionsResult><Name>b</Name><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${markers.join('')}</ListVersionsResult>`;
    return { headers: { 'content-type': 'application/xml' }, body };
  });
  const markers = ['m1', 'm2'].map((versionId) => target('a', { versionId, etag: null }));
  expect(await run(...markers)).toMatchObject({ deleted: ['a'], stayed: ['a not_confirmed'], error: null });
});
