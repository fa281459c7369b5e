import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { parseIsoTime } from '../../wire-time.ts';
import { Refusal } from './wire.ts';

/**
 * A Signature Version 4 `Authorization` header, as S3 checks it: the signed path is encoded once.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** Maximum clock difference, in ms. S3 allows 15 minutes. */
const SKEW_ALLOWED_MS = 900_000;

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface SignedRequest {
  readonly method: string;
  /** As received, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
}

/** Checks the signatures of a body's chunks, in order. Each covers the one before it. @throws Refusal */
export interface ChunkSigner {
  /** @param hash SHA-256 of the chunk, in hex */
  readonly checkChunk: (hash: string, signature: string) => void;
  /** @param hash SHA-256 of the trailers, each as `name:value` and a line feed */
  readonly checkTrailers: (hash: string, signature: string) => void;
}

/**
 * Checks the signature of a request.
 * @returns what checks the signatures within its body
 * @throws Refusal if the request is unsigned, signed with other keys, or signed at another time
 */
export function checkSignature(request: SignedRequest, keys: Keys, nowMs: number): ChunkSigner {
  const { headers } = request;
  const authorization = headers.get('authorization');
  if (authorization === undefined) throw new Refusal('AccessDenied', 'Access Denied');
  const match = AUTHORIZATION.exec(authorization);
  if (match === null)
    throw new Refusal('NotImplemented', 'Only Signature Version 4 in the Authorization header is implemented here');
  const [, keyId = '', day = '', region = '', signedHeaders = '', signature = ''] = match;
  if (keyId !== keys.accessKeyId) {
    throw new Refusal('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.');
  }
  const date = headers.get('x-amz-date') ?? '';
  const signedAtMs = readBasicTime(date);
  if (signedAtMs === null || !date.startsWith(day))
    throw new Refusal('AccessDenied', 'x-amz-date is missing or not a date');
  const scope: Scope = { secret: keys.secretAccessKey, day, date, region };
  assertSame(signature, sign(request, { ...scope, signedHeaders }));
  if (Math.abs(nowMs - signedAtMs) > SKEW_ALLOWED_MS) {
    throw new Refusal(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    );
  }
  return createChunkSigner(scope, signature);
}

interface Scope {
  readonly secret: string;
  readonly day: string;
  readonly date: string;
  readonly region: string;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html */
function createChunkSigner(scope: Scope, seed: string): ChunkSigner {
  const emptyHash = createHash('sha256').digest('hex');
  let previous = seed;
  const check = (lines: readonly string[], signature: string): void => {
    const [kind = '', ...hashes] = lines;
    assertSame(signature, signText(scope, kind, [previous, ...hashes]));
    previous = signature;
  };
  return {
    checkChunk: (hash, signature) => check(['AWS4-HMAC-SHA256-PAYLOAD', emptyHash, hash], signature),
    checkTrailers: (hash, signature) => check(['AWS4-HMAC-SHA256-TRAILER', hash], signature),
  };
}

function assertSame(signature: string, expected: Buffer): void {
  const given = Buffer.from(signature, 'hex');
  if (given.length === expected.length && timingSafeEqual(given, expected)) return;
  throw new Refusal(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  );
}

function sign(
  { method, path, query, headers }: SignedRequest,
  { signedHeaders, ...scope }: Scope & { readonly signedHeaders: string },
): Buffer {
  const canonicalQuery = [...query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join('&');
  const canonicalHeaders = signedHeaders
    .split(';')
    .map((name) => `${name}:${(headers.get(name) ?? '').trim().replaceAll(/ +/g, ' ')}\n`)
    .join('');
  const canonical = [
    method,
    path
      .split('/')
      .map((segment) => encode(decodePath(segment)))
      .join('/'),
    canonicalQuery,
    canonicalHeaders,
    signedHeaders,
    headers.get('x-amz-content-sha256') ?? '',
  ].join('\n');
  return signText(scope, 'AWS4-HMAC-SHA256', [createHash('sha256').update(canonical).digest('hex')]);
}

function signText({ secret, day, date, region }: Scope, kind: string, lines: readonly string[]): Buffer {
  const credentialScope = `${day}/${region}/s3/aws4_request`;
  const key = [day, region, 's3', 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`));
  return hmac(key, [kind, date, credentialScope, ...lines].join('\n'));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Decodes a path; `+` is literal. @throws Refusal for invalid escapes */
export function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal('InvalidArgument', 'The path is not valid percent-encoded UTF-8');
  }
}

/** Percent-encodes all except the unreserved characters of RFC 3986. */
export function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Parses ISO 8601 basic format, `20261124T133521Z`, to ms. */
function readBasicTime(text: string): number | null {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second] = match;
  return parseIsoTime(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
