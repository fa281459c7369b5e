import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { HttpRequest } from '@smithy/core/protocols';
import { formatTime } from '../../clock.ts';

export interface SigningIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** What a signature is valid for. */
export interface SigningPlace {
  readonly region: string;
  readonly service: string;
}

interface DayKey {
  readonly secret: string;
  readonly day: string;
  readonly scope: string;
  readonly key: KeyObject;
}

/** The names of a request's headers, in the order of the canonical form. */
interface SignedNames {
  readonly sorted: readonly string[];
  readonly joined: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Not signed, because proxies change them: the same as in the SDK, as far as requests here have them. */
const UNSIGNED: ReadonlySet<string> = new Set(['authorization', 'cache-control', 'expect', 'user-agent']);

/** Each metadata key of the user makes another set of names; S3's limit of 2 KB bounds their length. */
const KNOWN_NAMES_MAX = 100;

/** Values that the canonical form would change. */
const UNEVEN = /[\r\n\t]| {2}|^ | $/;

/**
 * Signature Version 4 of requests with a body in memory (S3 API Reference, "Authenticating Requests: Using the
 * Authorization Header"). Signs as the SDK's signer does, which tests compare; what is the same for many requests is
 * kept: the key of the day, the order of the headers' names, and the text of the time.
 */
export class PlainSignature {
  readonly #place: SigningPlace;
  readonly #names = new Map<string, SignedNames>();
  #key: DayKey | null = null;
  #second = { number: Number.NaN, text: '' };

  constructor(place: SigningPlace) {
    this.#place = place;
  }

  /**
   * Adds the headers of the signature to the request's.
   * @param atMs the store's time, in ms since the Unix epoch
   */
  sign(request: HttpRequest, identity: SigningIdentity, atMs: number): void {
    const { headers, method, path } = request;
    const { accessKeyId, secretAccessKey, sessionToken } = identity;
    const time = this.#formatSecond(atMs);
    const { key, scope } = this.#findKey(secretAccessKey, time.slice(0, 8));
    headers['x-amz-date'] = time;
    if (sessionToken !== undefined && sessionToken !== '') headers['x-amz-security-token'] = sessionToken;
    const bodyHash = (headers['x-amz-content-sha256'] ??= hashBody(request.body));
    const { sorted, joined } = this.#nameSigned(headers);
    let canonical = `${method}\n${path}\n${formatQuery(request.query)}\n`;
    for (const name of sorted) canonical += `${name}:${evenOut(headers[name] ?? '')}\n`;
    canonical += `\n${joined}\n${bodyHash}`;
    const text = `${ALGORITHM}\n${time}\n${scope}\n${hash('sha256', canonical, 'hex')}`;
    const signature = createHmac('sha256', key).update(text).digest('hex');
    headers['authorization'] =
      `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${joined}, Signature=${signature}`;
  }

  #formatSecond(atMs: number): string {
    const number = Math.floor(atMs / 1000);
    if (number !== this.#second.number) {
      this.#second = { number, text: formatTime(number * 1000).replaceAll(/[-:]|\.000/g, '') };
    }
    return this.#second.text;
  }

  #findKey(secret: string, day: string): DayKey {
    if (this.#key?.day === day && this.#key.secret === secret) return this.#key;
    const { region, service } = this.#place;
    const parts = [day, region, service, 'aws4_request'];
    let bytes: Buffer = Buffer.from(`AWS4${secret}`);
    for (const part of parts) bytes = createHmac('sha256', bytes).update(part).digest();
    // A key object makes an HMAC in a fifth of the time that bytes take.
    this.#key = { secret, day, scope: parts.join('/'), key: createSecretKey(bytes) };
    return this.#key;
  }

  #nameSigned(headers: Readonly<Record<string, string>>): SignedNames {
    const names = Object.keys(headers);
    const all = names.join('\n');
    const known = this.#names.get(all);
    if (known !== undefined) return known;
    const sorted = names.filter((name) => !UNSIGNED.has(name)).toSorted((a, b) => (a < b ? -1 : 1));
    const found = { sorted, joined: sorted.join(';') };
    if (this.#names.size >= KNOWN_NAMES_MAX) this.#names.clear();
    this.#names.set(all, found);
    return found;
  }
}

function hashBody(body: unknown): string {
  return body instanceof Uint8Array ? hash('sha256', body, 'hex') : EMPTY_HASH;
}

function evenOut(value: string): string {
  if (!UNEVEN.test(value)) return value;
  return value
    .replaceAll(/[\r\n]/g, ' ')
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/^ | $/g, '');
}

/** In the canonical form: sorted by their encoded names. */
export function formatQuery(query: HttpRequest['query']): string {
  const names = Object.keys(query);
  const [first = ''] = names;
  if (names.length <= 1) return names.length === 0 ? '' : formatPair(first, query[first]);
  return names
    .map((name) => formatPair(name, query[name]))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join('&');
}

function formatPair(name: string, value: unknown): string {
  return `${escape(name)}=${escape(String(value))}`;
}

/** Everything but RFC 3986's unreserved characters, as the canonical form demands. */
function escape(text: string): string {
  if (/^[\w.~-]*$/.test(text)) return text;
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
