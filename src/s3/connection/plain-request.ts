import { extendedEncodeURIComponent, HttpRequest } from '@smithy/core/protocols';

/** Where a field goes: the header of this name, one header for each entry, or the query. */
type Place = { readonly header: string } | { readonly prefix: string } | { readonly query: string } | 'body' | 'path';

/**
 * The fields that this program sets in requests that carry objects, and where they go (API reference, GetObject,
 * PutObject and UploadPart, "Request Syntax").
 */
const PLACES: ReadonlyMap<string, Place> = new Map<string, Place>([
  ['Bucket', 'path'],
  ['Key', 'path'],
  ['Body', 'body'],
  ['VersionId', { query: 'versionId' }],
  ['UploadId', { query: 'uploadId' }],
  ['PartNumber', { query: 'partNumber' }],
  ['Metadata', { prefix: 'x-amz-meta-' }],
  ['ChecksumMode', { header: 'x-amz-checksum-mode' }],
  ['Range', { header: 'range' }],
  ['IfMatch', { header: 'if-match' }],
  ['IfNoneMatch', { header: 'if-none-match' }],
  ['ContentType', { header: 'content-type' }],
  ['CacheControl', { header: 'cache-control' }],
  ['ContentEncoding', { header: 'content-encoding' }],
  ['ContentDisposition', { header: 'content-disposition' }],
  ['ContentLanguage', { header: 'content-language' }],
  ['StorageClass', { header: 'x-amz-storage-class' }],
  ['ServerSideEncryption', { header: 'x-amz-server-side-encryption' }],
  ['SSEKMSKeyId', { header: 'x-amz-server-side-encryption-aws-kms-key-id' }],
  ['Tagging', { header: 'x-amz-tagging' }],
  ['ACL', { header: 'x-amz-acl' }],
  ['ChecksumCRC32', { header: 'x-amz-checksum-crc32' }],
  ['ChecksumCRC32C', { header: 'x-amz-checksum-crc32c' }],
  ['ChecksumCRC64NVME', { header: 'x-amz-checksum-crc64nvme' }],
  ['ChecksumSHA256', { header: 'x-amz-checksum-sha256' }],
]);

/** A key that stays as it is in a path. */
const PLAIN_KEY = /^[\w.~/-]+$/;

/** The key and the body of the request that a template is made from. */
export const TEMPLATE_INPUT = { Key: 'k', Body: Buffer.alloc(0) } as const;

/** A request of one kind to one bucket, as the SDK has written it, without what belongs to an object. */
export class RequestTemplate {
  readonly #request: HttpRequest;
  /** The path up to the key. */
  readonly #folder: string;

  /** @param request for `TEMPLATE_INPUT`, by the SDK */
  constructor(request: HttpRequest) {
    this.#request = request;
    this.#folder = request.path.slice(0, -TEMPLATE_INPUT.Key.length);
  }

  /** The request for this input, as the SDK would write it; null if only the SDK can write it. */
  write(input: object): HttpRequest | null {
    const template = this.#request;
    const headers = { ...template.headers };
    const query = { ...template.query };
    let key: unknown;
    let body: unknown;
    for (const [field, value] of Object.entries(input)) {
      if (value === undefined || value === null) continue;
      const place = PLACES.get(field);
      if (place === undefined) return null;
      if (place === 'path') {
        if (field === 'Key') key = value;
      } else if (place === 'body') body = value;
      else if ('prefix' in place) Object.assign(headers, nameEntries(place.prefix, value));
      // The SDK puts its default in the place of an empty content type.
      else if ((typeof value !== 'string' && typeof value !== 'number') || value === '') return null;
      else if ('query' in place) query[place.query] = String(value);
      else headers[place.header] = String(value);
    }
    if (typeof key !== 'string' || key === '') return null;
    if (body instanceof Uint8Array !== template.body instanceof Uint8Array) return null;
    const { method, protocol, hostname, port } = template;
    const path = `${this.#folder}${encodeKey(key)}`;
    return new HttpRequest({
      method,
      protocol,
      hostname,
      ...(port === undefined ? {} : { port }),
      path,
      query,
      headers,
      body,
    });
  }
}

function nameEntries(prefix: string, entries: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries).map(([name, value]) => [`${prefix}${name}`.toLowerCase(), String(value)]),
  );
}

function encodeKey(key: string): string {
  return PLAIN_KEY.test(key) ? key : key.split('/').map(extendedEncodeURIComponent).join('/');
}
