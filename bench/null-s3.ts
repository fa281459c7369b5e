/**
 * S3's answers from nothing: objects are described by their names, so the server keeps nothing but the sizes of what it was sent.
 * `NxS/` is a tree of N objects of S bytes, a hundred in each of its directories: `5000x4096/d00000/f00` is its first.
 *
 * No signature is checked, every write succeeds, a batch delete deletes nothing.
 */
import { randomUUID } from 'node:crypto';

export interface NullRequest {
  readonly method: string;
  /** Without the bucket, decoded; empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  /** Of a POST; empty for everything else. */
  readonly body: string;
  /** Bytes of the object or part that came, without framing. */
  readonly sizeBytes: number;
  /** MD5 in hexadecimal of what came, where it was asked for or came along; else null. */
  readonly md5: string | null;
}

export interface NullResponse {
  readonly status: number;
  readonly headers: readonly string[];
  /** A document, or a range of a synthetic object. */
  readonly body: string | { readonly start: number; readonly end: number };
}

/** What was sent here, as far as a later HEAD may ask for it. */
export interface Written {
  readonly sizeBytes: number;
  readonly etag: string;
}

/** Files of one directory of a tree. */
const DIRECTORY_FILES = 100;
const LAST_MODIFIED = 'Wed, 01 Jan 2020 00:00:00 GMT';
const LAST_MODIFIED_ISO = '2020-01-01T00:00:00.000Z';
/** The form of a multipart ETag. */
const COMPOSITE_ETAG = '"00000000000000000000000000000000-2"';
/** Neither an MD5 nor the form of one of parts: no client holds the bytes against it, or asks for the parts. */
const OBJECT_ETAG = '"synthetic-object"';
const XML = ['content-type: application/xml'];

export function responseNull(request: NullRequest, written: Map<string, Written>): NullResponse {
  const { method, key, query } = request;
  if (key === '') return responseBucket(request);
  if (method === 'GET' || method === 'HEAD') return readObject(request, written);
  if (method === 'PUT') return writeObject(request, written);
  if (method === 'POST' && query.has('uploads')) {
    return document(
      'InitiateMultipartUploadResult',
      `<Key>${escapeXml(key)}</Key><UploadId>${randomUUID()}</UploadId>`,
    );
  }
  if (method === 'POST') return completeUpload(request, written);
  return { status: 204, headers: [], body: '' };
}

function responseBucket({ method, query, body }: NullRequest): NullResponse {
  if (method === 'POST') {
    const isQuiet = body.includes('<Quiet>true</Quiet>');
    const deleted = isQuiet
      ? []
      : [...body.matchAll(/<Key>[^<]*<\/Key>/g)].map(([name]) => `<Deleted>${name}</Deleted>`);
    return document('DeleteResult', deleted.join(''));
  }
  if (method !== 'GET') return { status: 200, headers: [], body: '' };
  if (query.has('location')) return document('LocationConstraint', '');
  if (query.has('uploads')) return document('ListMultipartUploadsResult', '<IsTruncated>false</IsTruncated>');
  return listTree(query);
}

function writeObject({ key, query, sizeBytes, md5 }: NullRequest, written: Map<string, Written>): NullResponse {
  const etag = `"${md5 ?? '0'.repeat(32)}"`;
  const uploadId = query.get('uploadId');
  if (uploadId === null) written.set(key, { sizeBytes, etag });
  else {
    const partsKey = `${uploadId}\0${key}`;
    const before = written.get(partsKey)?.sizeBytes ?? 0;
    written.set(partsKey, { sizeBytes: before + sizeBytes, etag: COMPOSITE_ETAG });
  }
  return { status: 200, headers: [`etag: ${etag}`], body: '' };
}

function completeUpload({ key, query }: NullRequest, written: Map<string, Written>): NullResponse {
  const partsKey = `${query.get('uploadId') ?? ''}\0${key}`;
  written.set(key, written.get(partsKey) ?? { sizeBytes: 0, etag: COMPOSITE_ETAG });
  written.delete(partsKey);
  return document('CompleteMultipartUploadResult', `<Key>${escapeXml(key)}</Key><ETag>${COMPOSITE_ETAG}</ETag>`);
}

function readObject({ method, key, headers }: NullRequest, written: Map<string, Written>): NullResponse {
  const found = findObject(key) ?? written.get(key);
  if (found === undefined) {
    const body = method === 'HEAD' ? '' : '<Error><Code>NoSuchKey</Code><Message>none</Message></Error>';
    return { status: 404, headers: XML, body };
  }
  const { sizeBytes, etag } = found;
  const described = [
    `etag: ${etag}`,
    `last-modified: ${LAST_MODIFIED}`,
    'accept-ranges: bytes',
    'content-type: binary/octet-stream',
  ];
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.get('range') ?? '');
  if (range === null) return { status: 200, headers: described, body: { start: 0, end: sizeBytes } };
  const start = Number(range[1]);
  const end = range[2] === '' ? sizeBytes : Math.min(Number(range[2]) + 1, sizeBytes);
  if (start >= sizeBytes) return { status: 416, headers: [`content-range: bytes */${sizeBytes}`], body: '' };
  return {
    status: 206,
    headers: [...described, `content-range: bytes ${start}-${end - 1}/${sizeBytes}`],
    body: { start, end },
  };
}

/** The object that a name describes. */
function findObject(key: string): Written | undefined {
  const size = /^\d+x(\d+)\/d\d{5}\/f\d\d$/.exec(key)?.[1];
  return size === undefined ? undefined : { sizeBytes: Number(size), etag: OBJECT_ETAG };
}

/** Both versions of the listing: the marker, the token and `start-after` are all the last key of the page before. */
function listTree(query: URLSearchParams): NullResponse {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? query.get('marker') ?? query.get('start-after') ?? '';
  const maxKeys = Number(query.get('max-keys') ?? 1000);
  const { entries, next } = listPage(prefix, {
    after,
    maxKeys,
    isFlat: !query.has('delimiter') || query.get('delimiter') === '',
  });
  const tail =
    next === null ? '' : `<NextMarker>${next}</NextMarker><NextContinuationToken>${next}</NextContinuationToken>`;
  const head = `<Name>bench</Name><Prefix>${escapeXml(prefix)}</Prefix><KeyCount>${entries.length}</KeyCount><MaxKeys>${maxKeys}</MaxKeys>`;
  return document('ListBucketResult', `${head}<IsTruncated>${next !== null}</IsTruncated>${tail}${entries.join('')}`);
}

function listPage(
  prefix: string,
  { after, maxKeys, isFlat }: { after: string; maxKeys: number; isFlat: boolean },
): { entries: readonly string[]; next: string | null } {
  const tree = /^((\d+)x(\d+)\/)(?:d(\d{5})\/)?$/.exec(prefix);
  if (tree === null) return { entries: listSingle(prefix), next: null };
  const [, root = '', count = '', size = '', directory] = tree;
  if (!isFlat && directory === undefined) {
    const names = Array.from({ length: Math.ceil(Number(count) / DIRECTORY_FILES) }, (_, index) =>
      directoryName(root, index),
    );
    return { entries: names.map((name) => `<CommonPrefixes><Prefix>${name}/</Prefix></CommonPrefixes>`), next: null };
  }
  const first = directory === undefined ? 0 : Number(directory) * DIRECTORY_FILES;
  const end = directory === undefined ? Number(count) : Math.min(Number(count), first + DIRECTORY_FILES);
  const begin = Math.max(first, countUpTo({ root, count: Number(count) }, decodeURIComponent(after)));
  const stop = Math.min(end, begin + maxKeys);
  const entries: string[] = [];
  for (let index = begin; index < stop; index += 1) entries.push(listEntry(keyAt(root, index), size));
  return { entries, next: stop < end ? keyAt(root, stop - 1) : null };
}

/** Some clients list an object before they read it. */
function listSingle(prefix: string): readonly string[] {
  const found = findObject(prefix);
  return found === undefined ? [] : [listEntry(prefix, String(found.sizeBytes))];
}

function listEntry(key: string, size: string): string {
  return `<Contents><Key>${key}</Key><LastModified>${LAST_MODIFIED_ISO}</LastModified><ETag>${OBJECT_ETAG}</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
}

function directoryName(root: string, index: number): string {
  return `${root}d${String(index).padStart(5, '0')}`;
}

function keyAt(root: string, index: number): string {
  const file = String(index % DIRECTORY_FILES).padStart(2, '0');
  return `${directoryName(root, Math.floor(index / DIRECTORY_FILES))}/f${file}`;
}

/** How many keys of a tree are not after `key`, which need not be one of them. */
function countUpTo({ root, count }: { root: string; count: number }, key: string): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (keyAt(root, middle) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function document(root: string, content: string): NullResponse {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`;
  return { status: 200, headers: XML, body };
}

function escapeXml(text: string): string {
  return text.replaceAll(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
