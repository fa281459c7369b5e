import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getEndpointFromInstructions } from '@smithy/core/endpoints';
import type { BucketPlace } from './bucket-places.ts';
import type { HttpRequest, HttpResponse } from '@smithy/core/protocols';
import { systemClock } from '../../clock.ts';
import { KeptResults } from './kept-results.ts';
import type { KnownCredentials } from './known-credentials.ts';
import type { RequestTemplate } from './plain-request.ts';
import { PlainSignature, type SigningIdentity } from './plain-signature.ts';

/** The endpoint of one bucket and the signer of its requests: the same for all its objects. */
export interface ObjectRoute {
  readonly endpoint: {
    readonly protocol: string;
    readonly hostname: string;
    readonly port?: number;
    readonly path: string;
  };
  /** The region that requests are signed for. */
  readonly region: string;
  /** Signs a request; the last step before it is sent. Without a promise where nothing has to be waited for. */
  readonly sign: (request: HttpRequest) => SkewSampler | Promise<SkewSampler>;
  /** Requests as the SDK writes them, by their operation. */
  readonly templates: KeptResults<RequestTemplate>;
}

/** Reads the store's time from responses, for the next signature. */
interface SkewSampler {
  readonly noteResponse: (response: HttpResponse) => void;
  /** Marks the error (`$metadata.clockSkewCorrected`) if our clock was wrong and has been corrected. */
  readonly noteError: (error: Error) => void;
}

type AuthScheme = Parameters<S3Client['config']['signer']>[0];

/** For directory buckets, whose requests are signed with a session's credentials (API reference, CreateSession). */
const SESSION_SCHEME = 'sigv4-s3express';

/**
 * Computes once per bucket, with the SDK, the values that its middleware would compute again for each request.
 * @param place where the bucket is
 */
export async function findRoute(
  s3: S3Client,
  {
    bucket,
    place: { region, isArn },
    credentials,
  }: { readonly bucket: string; readonly place: BucketPlace; readonly credentials: KnownCredentials },
): Promise<ObjectRoute> {
  const { config } = s3;
  const regional = {
    ...config,
    forcePathStyle: config.forcePathStyle && !isArn,
    ...(region === null ? {} : { region: async () => await Promise.resolve(region) }),
  };
  // The rules are the same for all three operations and for every key.
  const { url, properties } = await getEndpointFromInstructions(
    { Bucket: bucket, Key: 'key' },
    GetObjectCommand,
    regional,
  );
  const scheme = properties?.['authSchemes']?.[0];
  const endpoint = {
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path: url.pathname,
  };
  const signedFor = await regional.region();
  const route = { endpoint, region: signedFor, templates: new KeptResults<RequestTemplate>() };
  if (scheme?.name === SESSION_SCHEME) {
    return { ...route, sign: await signBySession(s3, { bucket, scheme }) };
  }
  return { ...route, sign: await signByKey(s3, { scheme, region: signedFor, credentials }) };
}

/**
 * Signs with `PlainSignature` where it applies, else with the SDK's signer. Both leave it to the SDK to track the
 * difference between the store's clock and ours.
 */
async function signByKey(
  { config }: S3Client,
  { scheme, region, credentials }: { readonly scheme: AuthScheme; region: string; credentials: KnownCredentials },
): Promise<ObjectRoute['sign']> {
  const { name = 'sigv4', signingRegion = region, signingName = 's3' } = scheme ?? {};
  const signer = config.httpAuthSchemes.find(({ schemeId }) => schemeId === `aws.auth#${name}`)?.signer;
  if (signer === undefined) throw new Error(`the SDK has no signer for ${name}`);
  const keySigner = await config.signer(scheme);
  const shared = {
    signer: async () => await Promise.resolve(keySigner),
    disableClockSkewCorrection: config.disableClockSkewCorrection,
    systemClockOffset: config.systemClockOffset,
  };
  const sampler = (facts: Parameters<typeof signer.sign>[2]): SkewSampler => ({
    noteResponse: (response) => signer.successHandler?.(response, facts),
    noteError: (error) => {
      // The handler throws the error again.
      try {
        signer.errorHandler?.(facts)(error);
      } catch {}
    },
  });
  if (name !== 'sigv4' || signingRegion === '*') {
    return async (request) => {
      const facts = { config: shared, context: {}, signingRegion, signingName };
      request.headers = (await signer.sign(request, {}, facts)).headers;
      return sampler(facts);
    };
  }
  const isCorrected = !(await config.disableClockSkewCorrection());
  const signature = new PlainSignature({ region: signingRegion, service: signingName });
  const signWith = (request: HttpRequest, identity: SigningIdentity): SkewSampler => {
    const nowMs = systemClock.now();
    signature.sign(request, identity, isCorrected ? nowMs + shared.systemClockOffset : nowMs);
    // What the SDK's signer notes of a request for its own handlers.
    return sampler({
      config: shared,
      _disableClockSkewCorrection: !isCorrected,
      _skipClockSkewSampling: !isCorrected,
      _preRequestSystemClockOffset: shared.systemClockOffset,
      _requestSentAt: nowMs,
    });
  };
  return (request) => {
    const { current } = credentials;
    return current === null ? credentials.find().then((found) => signWith(request, found)) : signWith(request, current);
  };
}

async function signBySession(
  { config }: S3Client,
  { bucket, scheme }: { readonly bucket: string; readonly scheme: NonNullable<AuthScheme> },
): Promise<ObjectRoute['sign']> {
  const signer = await config.signer(scheme);
  if (!signsWithCredentials(signer)) throw new Error('the SDK has no signer for sessions');
  const { signingRegion, signingName: signingService } = scheme;
  return async (request) => {
    // Cached by the provider until they expire.
    const session = await config.s3ExpressIdentityProvider.getS3ExpressIdentity(await config.credentials(), {
      Bucket: bucket,
    });
    request.headers = (await signer.signWithCredentials(request, session, { signingRegion, signingService })).headers;
    return { noteResponse: () => undefined, noteError: () => undefined };
  };
}

interface SessionSigner {
  readonly signWithCredentials: (
    request: HttpRequest,
    credentials: object,
    options: { readonly signingRegion: string | undefined; readonly signingService: string },
  ) => Promise<Pick<HttpRequest, 'headers'>>;
}

function signsWithCredentials<T extends object>(signer: T): signer is T & SessionSigner {
  return 'signWithCredentials' in signer && typeof signer.signWithCredentials === 'function';
}
