/**
 * Met: against OpenStack Swift every command failed with 78 until `--region` was right, although the store names the right
 *   one in its refusal. So did AWS at an endpoint that is a regional host.
 * Cause: only the redirect's header was followed, and only without an endpoint of the user.
 * Fix: the region in the body of `AuthorizationHeaderMalformed` is used for the request once more, and for all later ones.
 */
import { HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { createFakeS3, type FakeRequest, type FakeResponse } from '../support/fake-s3.ts';
import { RequestWatch } from '../../src/http/request-watch.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const REGION = 'eu-1';

/** A store of that region, which names it only in the body of a refusal. */
function createStore({ named = REGION, isFast = true }: { named?: string; isFast?: boolean } = {}) {
  const regions: string[] = [];
  const { s3, requests } = createFakeS3(
    (request) => {
      const signed = signedFor(request);
      regions.push(`${request.method} ${signed}`);
      return signed === REGION ? healthy(request) : refuse(request, named);
    },
    'http://fake',
    isFast,
  );
  const options = {
    abortSignal: new AbortController().signal,
    watch: new RequestWatch(new VirtualClock(), { requestTimeoutMs: 1000, stallTimeoutMs: 1000 }),
  };
  return {
    regions,
    requests,
    put: async (key: string) => await s3.putObject({ Bucket: 'bkt', Key: key, Body: Buffer.from('x') }, options),
    list: async () => await s3.send(new ListObjectsV2Command({ Bucket: 'bkt' })),
    head: async (key: string) => await s3.send(new HeadObjectCommand({ Bucket: 'bkt', Key: key })),
  };
}

function signedFor({ headers }: FakeRequest): string {
  return /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers['authorization'] ?? '')?.[1] ?? '';
}

function healthy({ query }: FakeRequest): FakeResponse {
  if (query['list-type'] === undefined) return { headers: { etag: '"e"' } };
  return { body: '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>' };
}

function refuse({ method }: FakeRequest, region: string): FakeResponse {
  if (method === 'HEAD') return { status: 400 };
  const body = `<Error><Code>AuthorizationHeaderMalformed</Code><Region>${region}</Region></Error>`;
  return { status: 400, headers: { 'content-type': 'application/xml' }, body };
}

describe.each([
  ['the direct path', true],
  ['the SDK', false],
])('with %s', (_what, isFast) => {
  it('is followed once, and known from then on by every request', async () => {
    const { put, list, regions } = createStore({ isFast });
    await put('a');
    await put('b');
    await list();
    expect(regions).toEqual(['PUT us-east-1', 'PUT eu-1', 'PUT eu-1', 'GET eu-1']);
  });

  it('is followed by each of several requests at the same time', async () => {
    const { put, regions } = createStore({ isFast });
    await Promise.all([put('a'), put('b'), put('c')]);
    expect(regions.filter((sent) => sent === 'PUT eu-1')).toHaveLength(3);
  });

  it.each(['us-east-1', 'other-1', 'host.example/', ''])(
    'is not followed for ever, or to any text: %j',
    async (named) => {
      const { put, regions } = createStore({ isFast, named });
      await expect(put('a')).rejects.toMatchObject({ name: 'AuthorizationHeaderMalformed' });
      expect(regions).toHaveLength(named === 'other-1' ? 2 : 1);
    },
  );
});

it('is learned by a listing for the objects after it', async () => {
  const { put, list, regions } = createStore();
  await list();
  await put('a');
  expect(regions).toEqual(['GET us-east-1', 'GET eu-1', 'PUT eu-1']);
});

it('is asked for by a HEAD, whose refusal has no body, once for several', async () => {
  const { head, regions } = createStore();
  await Promise.all([head('a'), head('b')]);
  await head('c');
  expect(regions.toSorted()).toEqual(
    ['GET eu-1', 'HEAD eu-1', 'HEAD eu-1', 'HEAD eu-1', 'HEAD us-east-1', 'HEAD us-east-1', 'GET us-east-1'].toSorted(),
  );
});
