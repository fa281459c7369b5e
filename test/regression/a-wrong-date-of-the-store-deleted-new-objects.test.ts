/**
 * Met: one response with a wrong `Date` (a proxy whose clock showed 2099, or a text that a lenient reader takes for a year)
 *   made a sweep delete what was stored a second before.
 * Cause: every text that JavaScript takes for a date was the store's time, and it was believed however far it was from ours.
 * Fix: only IMF-fixdate is a time; beyond 15 minutes from our clock, the earlier of the two counts, with one warning.
 */
import { expect, it } from 'vitest';
import { formatHttpTime, formatTime } from '../../src/clock.ts';
import type { Event } from '../../src/events.ts';
import { listObjects } from '../../src/s3/list/list-objects.ts';
import { statKeys } from '../../src/s3/list/stat-keys.ts';
import { createAgeClock } from '../../src/sweep/select/age-clock.ts';
import { selectItems, type SelectionRequest } from '../../src/sweep/select/select-items.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { FakeObjectStore } from '../support/fake-object-store.ts';
import { createFakeS3, runWithS3 } from '../support/fake-s3.ts';

const NOW_MS = 1_700_000_000_000;
const LISTING = `<ListBucketResult><Name>b</Name><Contents><Key>new</Key><Size>3</Size>
  <LastModified>${formatTime(NOW_MS - 1000)}</LastModified></Contents></ListBucketResult>`;

async function select(date: string) {
  const { s3 } = createFakeS3(({ method }) =>
    method === 'HEAD'
      ? { headers: { date, etag: '"e"', 'last-modified': formatHttpTime(NOW_MS - 1000) } }
      : { headers: { date, 'content-type': 'application/xml' }, body: LISTING },
  );
  const { guard, clock } = createFakeGuard();
  const events: Event[] = [];
  const store = Object.assign(new FakeObjectStore(), {
    list: (request: { bucket: string; prefix: string }) => listObjects(s3, guard, request),
    statKeys: async (request: { bucket: string; keys: readonly string[] }) => await statKeys(s3, guard, request),
  });
  const context = { store, ageClock: createAgeClock({ now: () => NOW_MS, emit: (event) => events.push(event) }) };
  const find = async (source: SelectionRequest['source']): Promise<string[]> => {
    const keys: string[] = [];
    const request = { bucket: 'b', prefix: '', olderThanMs: 86_400_000, ...(source === undefined ? {} : { source }) };
    for await (const { items } of selectItems(request, context)) keys.push(...items.map(({ key }) => key));
    return keys;
  };
  const item = { key: 'new', versionId: null, sizeBytes: null, lastModifiedMs: null, etag: null };
  const open = async function* open() {
    yield await Promise.resolve([item]);
  };
  const listed = await runWithS3(clock, find(undefined));
  return { found: [...listed, ...(await runWithS3(clock, find({ kind: 'named', open })))], events };
}

it.each([
  ['2099', 'Thu, 01 Jan 2099 00:00:00 GMT', 1],
  ['an hour ahead', formatHttpTime(NOW_MS + 3_600_000), 1],
  ['the past', 'Thu, 01 Jan 1970 00:00:00 GMT', 1],
  ['a year alone', '9999', 0],
  ['no calendar', 'Fri, 30 Feb 2099 00:00:00 GMT', 0],
])('deletes nothing new when the Date is of %s', async (_what, date, warnings) => {
  const { found, events } = await select(date);
  expect(found).toEqual([]);
  expect(events.filter(({ kind }) => kind === 'warning')).toHaveLength(warnings);
});
