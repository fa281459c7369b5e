import type { GetObjectCommandInput, PutObjectCommandInput, S3ClientConfig } from '@aws-sdk/client-s3';
import { HttpRequest, HttpResponse } from '@smithy/core/protocols';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DirectClient } from '../../../../src/s3/connection/direct-client.ts';
import { ObjectClient } from '../../../../src/s3/connection/object-client.ts';
import { createCustomerKey, PLAIN_ACCESS, type ObjectAccess } from '../../../../src/s3/connection/request-shape.ts';
import { RequestWatch } from '../../../../src/http/request-watch.ts';
import { readFields } from '../../../../src/read-fields.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const OPTIONS = {
  abortSignal: new AbortController().signal,
  watch: new RequestWatch(new VirtualClock(), { requestTimeoutMs: 1000, stallTimeoutMs: 1000 }),
};

/** What differs between the two by design: who sends it, and when; the signature is compared apart. */
const APART = new Set([
  'user-agent',
  'x-amz-user-agent',
  'amz-sdk-invocation-id',
  'amz-sdk-request',
  'x-amz-date',
  'x-amz-content-sha256',
  'authorization',
]);

interface Setting {
  readonly config: Partial<S3ClientConfig>;
  readonly access: ObjectAccess;
}

type Send = (client: ObjectClient) => Promise<unknown>;

/** A client that keeps the requests it would send. */
function createClient(isFast: boolean, { config, access }: Setting) {
  const sent: HttpRequest[] = [];
  const whole: S3ClientConfig = {
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret/+=' },
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      handle: async (request: HttpRequest) => {
        sent.push(HttpRequest.clone(request));
        const response = new HttpResponse({ statusCode: 200, headers: { etag: '"e"' }, body: new Uint8Array() });
        return await Promise.resolve({ response });
      },
    },
    ...config,
  };
  return {
    client: isFast ? new DirectClient(whole, null, access) : new ObjectClient(whole, access),
    sent,
  };
}

async function sendWith(isFast: boolean, setting: Setting, send: Send): Promise<HttpRequest> {
  const { client, sent } = createClient(isFast, setting);
  // The SDK does not take bytes for a stream.
  await send(client).catch((error: unknown) => {
    if (sent.length === 0) throw error;
  });
  return sent[0]!;
}

/** What the two must send alike. */
function pickAlike({ method, protocol, hostname, port, path, query, headers, body }: HttpRequest) {
  const alike = Object.fromEntries(Object.entries(headers).filter(([name]) => !APART.has(name)));
  return { method, protocol, hostname, port, path, query, body, headers: alike };
}

/** Signs the request anew with the SDK's signer, at its own time. */
async function signAgain(request: HttpRequest, setting: Setting): Promise<string | undefined> {
  const { client } = createClient(true, setting);
  const [, text = ''] = /^(\d{8}T\d{6})Z$/.exec(request.headers['x-amz-date'] ?? '') ?? [];
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)$/.exec(text) ?? [];
  const signer = await client.config.signer();
  if (!('sign' in signer)) throw new TypeError('no signer');
  const [, region, service] =
    /Credential=AKID\/\d+\/([^/]+)\/([^/]+)\//.exec(request.headers['authorization'] ?? '') ?? [];
  const signed = await signer.sign(HttpRequest.clone(request), {
    signingDate: new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`),
    signingRegion: region ?? '',
    signingService: service ?? '',
  });
  const { authorization } = readFields(readFields(signed)['headers']);
  return typeof authorization === 'string' ? authorization : undefined;
}

async function compare(setting: Setting, send: Send): Promise<void> {
  const ours = await sendWith(true, setting, send);
  expect(pickAlike(ours)).toEqual(pickAlike(await sendWith(false, setting, send)));
  expect(ours.headers['authorization']).toMatch(/^AWS4-HMAC-SHA256 Credential=AKID/);
  expect(ours.headers['authorization']).toBe(await signAgain(ours, setting));
}

/** Keys with everything that a path or a signature treats in a way of its own. */
const key = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '/',
        '//',
        '.',
        '..',
        '/./',
        '/../',
        '%',
        '%2F',
        '+',
        ' ',
        '  ',
        "!'()*",
        '~',
        '?',
        '#',
        '&=',
        'ü',
        '\u{1F600}',
        '\t',
        '\n',
        '\u007F',
      ),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => parts.join(''))
  // A lone surrogate is no text.
  .filter((text) => text.isWellFormed());

const value = fc.oneof(
  fc.constantFrom('text/plain', 'a  b', ' a ', 'a\tb', 'ü', 'a=b&c=d', '"x"', ''),
  fc.string({ unit: 'grapheme-ascii', maxLength: 12 }),
);
const metadata = fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,10}$/), value, { maxKeys: 4 });

const setting: fc.Arbitrary<Setting> = fc
  .record({
    config: fc.constantFrom<Partial<S3ClientConfig>>(
      {},
      { endpoint: 'http://127.0.0.1:9000', forcePathStyle: true },
      { endpoint: 'https://store.test/base', forcePathStyle: true },
      { endpoint: 'https://store.test', forcePathStyle: false },
      { endpoint: 'https://store.test:443/base/', forcePathStyle: false },
      { useDualstackEndpoint: true },
      { useFipsEndpoint: true },
    ),
    token: fc.constantFrom(undefined, '', 'token//=='),
    isRequesterPaying: fc.boolean(),
    hasKey: fc.boolean(),
    asksForChecksums: fc.boolean(),
  })
  .map(({ config, token, isRequesterPaying, hasKey, asksForChecksums }) => ({
    config: {
      ...config,
      credentials: {
        accessKeyId: 'AKID',
        secretAccessKey: 'secret/+=',
        ...(token === undefined ? {} : { sessionToken: token }),
      },
    },
    access: {
      ...PLAIN_ACCESS,
      isRequesterPaying,
      asksForChecksums,
      customerKey: hasKey ? createCustomerKey(Buffer.alloc(32, 7)) : null,
    },
  }));

const some = <T>(from: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(from, { nil: undefined });
const sometimes = <T>(from: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(from, { nil: undefined, freq: 1 });
const get = fc.record({
  Key: key,
  Bucket: fc.constantFrom('bucket', 'bucket.with.dots'),
  ChecksumMode: some(fc.constant('ENABLED' as const)),
  Range: some(fc.constantFrom('bytes=0-1', 'bytes=-5')),
  VersionId: some(fc.constantFrom('v', 'null', 'a+b/c=')),
  IfMatch: some(fc.constant('"etag"')),
});
const written = fc.record({
  Key: key,
  Bucket: fc.constant('bucket'),
  Body: fc.uint8Array({ maxLength: 20 }),
  ChecksumCRC32: some(fc.constant('AAAAAA==')),
  ChecksumCRC64NVME: some(fc.constant('AAAAAAAAAAA=')),
});
const put = fc
  .tuple(
    written,
    fc.record({
      ContentType: some(value),
      CacheControl: some(value),
      ContentEncoding: some(fc.constant('gzip')),
      ContentDisposition: some(value),
      ContentLanguage: some(value),
      Metadata: some(metadata),
      StorageClass: some(fc.constant('STANDARD_IA' as const)),
      ServerSideEncryption: some(fc.constant('aws:kms' as const)),
      SSEKMSKeyId: some(value),
      Tagging: some(fc.constant('a=b&c=%20')),
      ACL: some(fc.constant('private' as const)),
      IfNoneMatch: some(fc.constant('*')),
      // The SDK has to write these.
      Expires: sometimes(fc.constant(new Date(0))),
      ContentMD5: sometimes(fc.constant('1B2M2Y8AsgTpgAmY7PhCfg==')),
    }),
  )
  .map(([one, other]) => ({ ...one, ...other }));

describe('a request from a template', () => {
  const runs = { numRuns: 40, seed: 4 };

  it('for an object is what the SDK sends', async () => {
    await fc.assert(
      fc.asyncProperty(setting, get, async (at, input) => {
        await compare(at, async (client) => await client.getObject(input satisfies GetObjectCommandInput, OPTIONS));
      }),
      runs,
    );
  });

  it('has the path of the SDK for every character', async () => {
    const at: Setting = { config: {}, access: PLAIN_ACCESS };
    const [ours, theirs] = [createClient(true, at), createClient(false, at)];
    const keys = Array.from({ length: 0x180 }, (_, code) => `a${String.fromCharCode(code)}b`);
    for (const { client } of [ours, theirs]) {
      for (const Key of keys) await client.getObject({ Bucket: 'bucket', Key }, OPTIONS).catch(() => undefined);
    }
    expect(ours.sent).toHaveLength(keys.length);
    expect(ours.sent.map(({ path }) => path)).toEqual(theirs.sent.map(({ path }) => path));
  });

  it('that stores one is what the SDK sends', async () => {
    await fc.assert(
      fc.asyncProperty(setting, put, async (at, input) => {
        await compare(at, async (client) => await client.putObject(input satisfies PutObjectCommandInput, OPTIONS));
      }),
      runs,
    );
  });

  it('that stores a part is what the SDK sends', async () => {
    await fc.assert(
      fc.asyncProperty(setting, written, fc.integer({ min: 1, max: 10_000 }), async (at, input, PartNumber) => {
        await compare(
          at,
          async (client) => await client.uploadPart({ ...input, UploadId: 'u+/=', PartNumber }, OPTIONS),
        );
      }),
      runs,
    );
  });
});
