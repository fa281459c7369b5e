import { Readable } from 'node:stream';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { DirectClient } from '../../src/s3/connection/direct-client.ts';
import { ObjectClient } from '../../src/s3/connection/object-client.ts';
import type { WatchedHttpHandler } from '../../src/http/http-handler.ts';

type HttpRequest = Parameters<WatchedHttpHandler['handle']>[0];

/** A request as it would leave for a host of AWS. */
export interface SentToAws {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** The region in its signature. */
  readonly region: string;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A client of AWS itself, whose requests are answered here. */
export function createAwsClient(
  respond: (request: SentToAws) => Answer,
  { isFast = true, ...settings }: Partial<S3ClientConfig> & { readonly isFast?: boolean } = {},
): { s3: ObjectClient; sent: SentToAws[] } {
  const sent: SentToAws[] = [];
  const config: S3ClientConfig = {
    region: 'us-east-1',
    followRegionRedirects: true,
    useArnRegion: true,
    credentials: { accessKeyId: 'A', secretAccessKey: 'S' },
    maxAttempts: 1,
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      handle: async ({ method, hostname, path, headers, body }: HttpRequest) => {
        const region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers['authorization'] ?? '')?.[1] ?? '';
        const text = body instanceof Uint8Array || typeof body === 'string' ? Buffer.from(body).toString() : '';
        const request = { method, host: hostname, path, region, body: text };
        sent.push(request);
        const { status, headers: answered = {}, body: content = '' } = respond(request);
        const stream = Readable.from([Buffer.from(content)]);
        return await Promise.resolve({ response: { statusCode: status, headers: { ...answered }, body: stream } });
      },
    },
    ...settings,
  };
  return { s3: isFast ? new DirectClient(config, null) : new ObjectClient(config), sent };
}
