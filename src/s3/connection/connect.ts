import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { AdaptiveRetryStrategy } from '@smithy/core/retry';
import type { ObjectAccess } from './request-shape.ts';
import { findCredentials, type CredentialContext, type CredentialSettings } from './credentials.ts';
import { collectBody } from './collect-body.ts';
import { BoundedRateLimiter } from './rate-limiter.ts';
import { DirectClient } from './direct-client.ts';
import { ObjectClient } from './object-client.ts';
import { createSha256 } from './sha256.ts';
import { WatchedHttpHandler, type HttpSettings } from '../../http/http-handler.ts';

export interface S3Settings extends HttpSettings, CredentialSettings {
  /** A custom endpoint, or null for AWS. */
  readonly endpointUrl: string | null;
  /** Null means `us-east-1`, which redirects to the bucket's own region. */
  readonly region: string | null;
  /** Bucket in the path instead of the host name. Null: only for a custom endpoint. */
  readonly pathStyle: boolean | null;
  /** @default no key, no agreement to pay, and all checksums */
  readonly access?: ObjectAccess;
}

/** If false, the SDK sends every request. It is slower, signs bodies over TLS, and does not remember redirects. */
const USES_FAST_PATH: boolean = true;

/**
 * Connects to S3 with every limit set in code, so that environment and config files cannot add attempts: one attempt
 * per call (the retry chain is ours), adaptive rate limiting, checksums as headers.
 * @throws BreakwaterError `config` if there are no credentials, before any permit is taken
 */
export async function connectS3(
  settings: S3Settings,
  context: CredentialContext,
  rateLimiter = new BoundedRateLimiter(context.clock),
): Promise<ObjectClient> {
  const { endpointUrl, profile, access } = settings;
  const requestHandler = new WatchedHttpHandler(settings, context.clock);
  const config: S3ClientConfig = {
    region: settings.region ?? 'us-east-1',
    ...(endpointUrl === null ? {} : { endpoint: endpointUrl }),
    ...(profile === null ? {} : { profile }),
    forcePathStyle: settings.pathStyle ?? endpointUrl !== null,
    followRegionRedirects: endpointUrl === null,
    useArnRegion: true,
    maxAttempts: 1,
    retryMode: 'adaptive',
    // The strategy of `adaptive`, with a bounded wait. The first argument must be a number: the SDK ignores a function
    // and makes 3 attempts.
    retryStrategy: new AdaptiveRetryStrategy(1, { rateLimiter }),
    requestHandler,
    credentials: findCredentials(settings, context, requestHandler),
    sha256: createSha256(),
    streamCollector: collectBody,
    // We verify whole objects across attempts; the SDK can verify only single responses.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestChecksumCalculation: access?.sendsChecksums === false ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED',
  };
  const client = USES_FAST_PATH ? new DirectClient(config, rateLimiter, access) : new ObjectClient(config, access);
  try {
    await client.config.credentials();
  } catch (error) {
    client.destroy();
    throw error;
  }
  return client;
}
