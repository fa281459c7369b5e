/**
 * Met: for hours after a bucket was created, `get` and `put` ended with 76: S3 answers 307 TemporaryRedirect then.
 * Cause: only 301 was followed, and requests that the SDK sends (listings, uploads in parts) were redirected each time.
 * Fix: both are followed once, and the region is remembered for the bucket by all requests. No host is taken from a redirect.
 */
import { HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { RequestWatch } from '../../src/http/request-watch.ts';
import { createAwsClient, type SentToAws } from '../support/aws-hosts.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const HERE = 'bkt.s3.us-east-1.amazonaws.com';
const THERE = 'bkt.s3.eu-west-1.amazonaws.com';
const BODY = '<Error><Code>TemporaryRedirect</Code><Message>elsewhere</Message></Error>';

interface Redirect {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

function createBucket(redirect: Redirect, isFast: boolean) {
  const { s3, sent } = createAwsClient(
    ({ host, method }: SentToAws) => {
      const body = method === 'HEAD' ? '' : BODY;
      if (host === HERE) return { body, ...redirect };
      return { status: 200, headers: { etag: '"e"' }, body: method === 'GET' ? '<ListBucketResult/>' : '' };
    },
    { isFast },
  );
  const options = {
    abortSignal: new AbortController().signal,
    watch: new RequestWatch(new VirtualClock(), { requestTimeoutMs: 1000, stallTimeoutMs: 1000 }),
  };
  return {
    sent,
    hosts: () => sent.map(({ host }) => host),
    put: async () => await s3.putObject({ Bucket: 'bkt', Key: 'k', Body: Buffer.from('bytes') }, options),
    get: async () => await s3.getObject({ Bucket: 'bkt', Key: 'k' }, options),
    list: async () => await s3.send(new ListObjectsV2Command({ Bucket: 'bkt' })),
    head: async () => await s3.send(new HeadObjectCommand({ Bucket: 'bkt', Key: 'k' })),
  };
}

const NAMED = { 'x-amz-bucket-region': 'eu-west-1' };

describe.each([
  ['the direct path', true],
  ['the SDK', false],
])('with %s', (_what, isFast) => {
  it.each([
    ['307 with the region', { status: 307, headers: NAMED }],
    ['301 with the region', { status: 301, headers: NAMED }],
    ['307 to the regional host', { status: 307, headers: { location: `https://${THERE}/k` } }],
    ['307 to the older host', { status: 307, headers: { location: 'https://bkt.s3-eu-west-1.amazonaws.com/k' } }],
  ])('follows %s, sends the bytes again and remembers the region', async (_how, redirect) => {
    const { put, get, list, head, hosts, sent } = createBucket(redirect, isFast);
    await put();
    expect(sent).toEqual([
      { method: 'PUT', host: HERE, path: '/k', region: 'us-east-1', body: 'bytes' },
      { method: 'PUT', host: THERE, path: '/k', region: 'eu-west-1', body: 'bytes' },
    ]);
    await Promise.all([get(), list(), head(), list(), put()]);
    expect(hosts().slice(2)).toEqual(Array.from({ length: 5 }, () => THERE));
  });

  it('follows a listing and a HEAD, several at once', async () => {
    const { get, list, head, hosts } = createBucket({ status: 307, headers: NAMED }, isFast);
    await Promise.all([list(), head(), list(), list()]);
    await get();
    expect(hosts().filter((host) => host === HERE)).toHaveLength(4);
    expect(hosts().at(-1)).toBe(THERE);
  });

  it('takes the region from the body if no header has it', async () => {
    const body = BODY.replace('</Error>', `<Endpoint>${THERE}</Endpoint></Error>`);
    const { put, hosts } = createBucket({ status: 307, headers: {}, body }, isFast);
    await put();
    expect(hosts()).toEqual([HERE, THERE]);
  });

  it.each([
    ['a foreign host', { location: 'https://s3.eu-west-1.amazonaws.com.evil.example/k' }],
    ['a host that ends alike', { location: 'https://evil-s3.eu-west-1.amazonaws.community/k' }],
    ['a region that is a host', { 'x-amz-bucket-region': 'evil.example/' }],
    ['the same region', { 'x-amz-bucket-region': 'us-east-1' }],
    ['nothing', {}],
  ])('does not follow a redirect to %s', async (_where, headers) => {
    const { put, list, hosts } = createBucket({ status: 307, headers }, isFast);
    await expect(put()).rejects.toMatchObject({ name: 'TemporaryRedirect' });
    await expect(list()).rejects.toThrow();
    expect(hosts()).toEqual([HERE, HERE]);
  });
});
