/**
 * Met: `sweep --abort-uploads` ended with 0 and left uploads that it did not mention: those outside the prefix that a store
 *   lists all the same, and those of a key whose uploads fill more than a page, where the store names no upload as its end.
 *   A dry run did not mention uploads of unknown age. Where the bucket was gone, each abort failed, with 0 at the end.
 * Cause: the rules for listings of objects and versions were not applied to uploads.
 * Fix: a stray key ends the sweep, as elsewhere. The last upload of the page is where the next one starts. A dry run names
 *   what stays for its unknown age. A missing bucket ends the sweep.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { presentSweep } from '../../src/cli/output/sweep-result.ts';
import Sweep from '../../src/commands/sweep.ts';
import { abortUploads } from '../../src/sweep/abort-uploads.ts';
import type { SweepJob } from '../../src/sweep/run-sweep.ts';
import { BreakwaterError } from '../../src/errors.ts';
import { listUploads } from '../../src/s3/list/list-uploads.ts';
import { createFakeGuard } from '../support/fake-guard.ts';
import { FakeObjectStore } from '../support/fake-object-store.ts';
import { createFakeS3, runWithS3, type FakeRequest, type FakeResponse } from '../support/fake-s3.ts';
import { runInProcess } from '../support/in-process.ts';

const NOW_MS = Date.UTC(2026, 1, 1);
const REQUEST = { bucket: 'b', prefix: 'p/', olderThanMs: 1, patterns: { include: [], exclude: [] }, isDryRun: false };
const CONTEXT = { findRunning: async () => await Promise.resolve(new Set<string>()), ageClock: () => NOW_MS };
const upload = (uploadId: string, startedAtMs: number | null = 0) => ({ key: `p/${uploadId}`, uploadId, startedAtMs });

/** A page with these uploads of a key, of which only the key is named as its end. */
function pageOf(key: string, ids: readonly string[] = ['1'], isTruncated = false): string {
  const next = isTruncated ? `<NextKeyMarker>${key}</NextKeyMarker>` : '';
  const entries = ids.map(
    (id) =>
      `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>`,
  );
  return `<ListMultipartUploadsResult><Bucket>b</Bucket><EncodingType>url</EncodingType><IsTruncated>${isTruncated}</IsTruncated>${next}${entries.join('')}</ListMultipartUploadsResult>`;
}

/** Five uploads of one key, in pages of two. After the key alone there is nothing. */
function respond({ query }: FakeRequest): FakeResponse {
  const { 'key-marker': key, 'upload-id-marker': id } = query;
  const isBehind = (each: string): boolean => (key === undefined ? true : typeof id === 'string' && each > id);
  const rest = ['1', '2', '3', '4', '5'].filter(isBehind);
  return {
    headers: { 'content-type': 'application/xml' },
    body: pageOf('k', rest.slice(0, 2), rest.length > 2),
  };
}

it('lists every upload of a key, also where the store names only the key', async () => {
  const { s3 } = createFakeS3(respond);
  const { guard, clock } = createFakeGuard();
  const list = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const { uploads } of listUploads(s3, guard, { bucket: 'b', prefix: '' })) {
      found.push(...uploads.map(({ uploadId }) => uploadId));
    }
    return found;
  };
  expect(await runWithS3(clock, list())).toEqual(['1', '2', '3', '4', '5']);
});

it('ends at an upload outside the prefix', async () => {
  const server = createServer((_request, response) => void response.writeHead(200).end(pageOf('k')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await using disposables = new AsyncDisposableStack();
  disposables.defer(() => server.close().closeAllConnections());
  const home = await mkdtemp(join(tmpdir(), 'breakwater-stray-'));
  disposables.defer(async () => await rm(home, { recursive: true, force: true }));
  const credentials = { AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'S', AWS_REGION: 'us-east-1' };
  Object.assign(process.env, credentials);
  const env = {
    ...credentials,
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    BREAKWATER_STATE_DIR: join(home, 's'),
  };
  const argv = ['s3://bkt/p/', '--abort-uploads', '0', '--yes', '--json'];
  const { status, stdout } = await runInProcess(Sweep, argv, { env, home });
  expect(status).toBe(76);
  expect(JSON.parse(stdout.toString())).toMatchObject({ error: { reason: 'listing_not_below_prefix' } });
});

it('names in a dry run what stays for its unknown age', async () => {
  const store = new FakeObjectStore({ uploadPages: [[upload('old'), upload('ageless', null)]] });
  const { tally } = await abortUploads({ ...REQUEST, isDryRun: true }, { ...CONTEXT, store });
  expect(tally).toMatchObject({ matched: 1, failed: 1, failures: [{ key: 'p/ageless', code: 'unknown_age' }] });
});

it('ends where the bucket is gone', async () => {
  const gone = new BreakwaterError('not_found', 'no such bucket', { details: { s3Code: 'NoSuchBucket' } });
  const store = new FakeObjectStore({ uploadPages: [[upload('a'), upload('b')]], failAbort: () => gone });
  const { error } = await abortUploads(REQUEST, { ...CONTEXT, store });
  expect(error).toBe(gone);
});

it('counts in the text of a dry run what stays', () => {
  const job = { bucket: 'b', prefix: 'p/', olderThanMs: null, abortUploadsMs: 86_400_000, shard: null, isDryRun: true };
  const uploads = { matched: 1, running: 2, aborted: 0, failed: 3, notTried: 0, failures: [] };
  const { lines } = presentSweep(job as unknown as SweepJob, { survey: null, swept: null, uploads, failure: null });
  expect(lines).toEqual(['1 unfinished upload older than 1d, 3 left, 2 still being sent']);
});
