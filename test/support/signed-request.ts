import { createHash, createHmac } from 'node:crypto';
import type { TestSandbox } from './sandbox.ts';

export interface RawRequest {
  /** With their values, as the query names them; the order does not matter. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export interface RawResponse {
  readonly status: number;
  /** The `<Code>` of an error document; null if there is none. */
  readonly code: string | null;
  readonly headers: Headers;
  readonly text: string;
}

/** Sends requests that no SDK would send, correctly signed: `send('PUT', '/bucket/key', {headers, body})`. */
export type SendSigned = (method: string, path: string, request?: RawRequest) => Promise<RawResponse>;

type Target = Pick<TestSandbox, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>;

export function createSignedSender(target: Target): SendSigned {
  return async (method, path, { query = {}, headers = {}, body } = {}) => {
    const search = Object.entries(query)
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
      .toSorted()
      .join('&');
    const signed = sign(target, { method, path, search, headers });
    const response = await fetch(`${target.endpoint}${path}${search === '' ? '' : `?${search}`}`, {
      method,
      headers: signed,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    });
    const text = await response.text();
    const code = /<Code>(.*?)<\/Code>/.exec(text)?.[1] ?? null;
    return { status: response.status, code, headers: response.headers, text };
  };
}

/** Signature Version 4 of all headers given; the payload is not signed unless `x-amz-content-sha256` is given. */
function sign(
  { endpoint, region, accessKeyId, secretAccessKey }: Target,
  request: { method: string; path: string; search: string; headers: Readonly<Record<string, string>> },
): Record<string, string> {
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const all: Record<string, string> = {
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    'x-amz-date': date,
    ...request.headers,
  };
  const canonicalHeaders = Object.entries({ ...all, host: new URL(endpoint).host }).toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const names = canonicalHeaders.map(([name]) => name).join(';');
  const canonical = [
    request.method,
    request.path,
    request.search,
    canonicalHeaders.map(([name, value]) => `${name}:${value.trim()}\n`).join(''),
    names,
    all['x-amz-content-sha256'],
  ].join('\n');
  const scope = [date.slice(0, 8), region, 's3', 'aws4_request'];
  const hash = createHash('sha256').update(canonical).digest('hex');
  const key = scope.reduce<Buffer>(hmac, Buffer.from(`AWS4${secretAccessKey}`));
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope.join('/'), hash].join('\n')).toString('hex');
  const credential = `${accessKeyId}/${scope.join('/')}`;
  return {
    ...all,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
