import { HttpResponse } from '@smithy/core/protocols';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectS3, type S3Settings } from '../../../../src/s3/connection/connect.ts';
import type { ObjectClient } from '../../../../src/s3/connection/object-client.ts';
import { RequestWatch } from '../../../../src/http/request-watch.ts';
import { classify } from '../../../../src/retry/classify.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const AWS: S3Settings = {
  endpointUrl: null,
  region: null,
  profile: null,
  profileFiles: null,
  pathStyle: null,
  connectTimeoutMs: 1000,
  credentialsTimeoutMs: 1000,
  certificates: null,
};

interface Sent {
  readonly hostname: string;
  readonly path: string;
  readonly signedRegion: string | undefined;
}

const SESSION = `<CreateSessionResult><Credentials><AccessKeyId>SESSION-KEY</AccessKeyId>
<SecretAccessKey>secret</SecretAccessKey><SessionToken>session-token</SessionToken>
<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>`;

/** A client whose requests are answered here: with these statuses in order, the last one for ever. */
async function connect(
  settings: Partial<S3Settings>,
  statuses: readonly number[],
  responseHeaders: Readonly<Record<string, string>> = {},
) {
  const sent: Sent[] = [];
  const clock = new VirtualClock();
  const client: ObjectClient = await connectS3(
    { ...AWS, ...settings },
    { clock, signal: new AbortController().signal, emit: () => undefined },
  );
  const headersSent: Readonly<Record<string, string>>[] = [];
  client.config.requestHandler.destroy?.();
  client.config.requestHandler = {
    ...client.config.requestHandler,
    handle: async ({ hostname, path, headers, query }) => {
      headersSent.push({ ...headers });
      const signedRegion = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers['authorization'] ?? '')?.[1];
      sent.push({ hostname, path, signedRegion });
      const statusCode = statuses[Math.min(sent.length, statuses.length) - 1] ?? 200;
      const answer =
        statusCode === 301 ? '<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>' : '';
      const response = new HttpResponse({
        statusCode,
        headers: { 'content-type': 'application/xml', 'x-amz-bucket-region': 'eu-west-1', ...responseHeaders },
        body: new Blob([query?.['session'] === undefined ? answer : SESSION]).stream(),
      });
      return await Promise.resolve({ response });
    },
  };
  const timeouts = { requestTimeoutMs: 1000, stallTimeoutMs: 1000 };
  const get = async (bucket = 'bucket'): Promise<unknown> =>
    await client.getObject(
      { Bucket: bucket, Key: 'key' },
      { abortSignal: new AbortController().signal, watch: new RequestWatch(clock, timeouts) },
    );
  return { sent, headersSent, get, client };
}

describe('the connection', () => {
  beforeEach(() => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_MAX_ATTEMPTS', '7');
    vi.stubEnv('AWS_ENDPOINT_URL', undefined);
    vi.stubEnv('AWS_ENDPOINT_URL_S3', undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('follows a bucket to the region that S3 names, once, with a signature for that region', async () => {
    const { sent, get } = await connect({}, [301, 200]);
    await get();
    expect(sent).toEqual([
      { hostname: 'bucket.s3.us-east-1.amazonaws.com', path: '/key', signedRegion: 'us-east-1' },
      { hostname: 'bucket.s3.eu-west-1.amazonaws.com', path: '/key', signedRegion: 'eu-west-1' },
    ]);
  });

  it('knows from then on where the bucket is', async () => {
    const { sent, get } = await connect({}, [301, 200]);
    await get();
    await get();
    expect(sent.map(({ hostname }) => hostname)).toEqual([
      'bucket.s3.us-east-1.amazonaws.com',
      'bucket.s3.eu-west-1.amazonaws.com',
      'bucket.s3.eu-west-1.amazonaws.com',
    ]);
  });

  it('signs requests to a directory bucket with the credentials of a session', async () => {
    const { sent, headersSent, get } = await connect({}, [200]);
    await get('logs--use1-az4--x-s3');
    await get('logs--use1-az4--x-s3');
    expect(sent).toHaveLength(3);
    for (const headers of headersSent.slice(1)) {
      expect(headers).toMatchObject({
        'x-amz-s3session-token': 'session-token',
        authorization: expect.stringMatching(/Credential=SESSION-KEY\/\d+\/us-east-1\/s3express\//),
      });
    }
  });

  it("signs with the store's time once it has refused ours, and says so", async () => {
    const { headersSent, get } = await connect({}, [403, 200], { date: 'Tue, 01 Jan 2030 00:00:00 GMT' });
    await expect(get()).rejects.toMatchObject({ $metadata: { clockSkewCorrected: true } });
    await get();
    expect(headersSent[1]?.['x-amz-date']).toMatch(/^20300101T0000/);
  });

  it('follows no second time, and takes that for a refusal that says nothing about the health of S3', async () => {
    const { sent, get } = await connect({}, [301]);
    const error: unknown = await get().catch((reason: unknown) => reason);
    expect(sent).toHaveLength(2);
    expect(classify(error)).toMatchObject({ code: 'PermanentRedirect', verdict: 'neutral', isRetryable: false });
  });

  it('follows nowhere from an endpoint of the user', async () => {
    const { sent, get } = await connect({ endpointUrl: 'http://store.test:9000' }, [301, 200]);
    await expect(get()).rejects.toMatchObject({ name: 'PermanentRedirect' });
    expect(sent).toEqual([{ hostname: 'store.test', path: '/bucket/key', signedRegion: 'us-east-1' }]);
  });

  it('makes one attempt for each call, whatever the environment says', async () => {
    const { sent, get } = await connect({}, [503]);
    await expect(get()).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
    expect(sent).toHaveLength(1);
  });

  it('is refused without credentials, before anything is sent', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', '');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('HOME', '/nonexistent');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
    await expect(connect({}, [200])).rejects.toMatchObject({
      code: 'config',
      details: { reason: 'no_credentials' },
    });
  });
});
