import { formatTime } from '../../clock.ts';
import { xmlResponse } from '../protocol/xml.ts';
import type { Bucket } from '../store/bucket.ts';
import { computeChecksum } from '../protocol/checksum.ts';
import { checkCustomerKey } from './customer-key.ts';
import { checkKey, keepHeaders, md5Etag } from './object-operations.ts';
import type { Operate } from './operate.ts';
import { decodePath } from '../protocol/signature.ts';
import type { StoredObject } from '../store/stored.ts';
import { readVersionHeaders, writtenVersionHeaders } from './version-headers.ts';
import { Refusal, type Checksum } from '../protocol/wire.ts';

/** Copies an object or one of its versions. The copy has no parts, even if the original does. */
export const copyObject: Operate = ({ bucket: name, key, headers }, { buckets, nowMs }) => {
  const bucket = buckets.get(name);
  checkKey(key);
  const from = readSource(headers.get('x-amz-copy-source') ?? '');
  const source = buckets.get(from.bucket);
  const original = getOriginal(source, from);
  // The headers for the keys of a copy and its original are not implemented.
  checkCustomerKey(new Map(), original.headers);
  const isReplacing = headers.get('x-amz-metadata-directive') === 'REPLACE';
  if (!isReplacing && bucket === source && key === from.key && from.versionId === null) {
    throw new Refusal(
      'InvalidRequest',
      'This copy request is illegal: it copies an object to itself without a change.',
    );
  }
  const copy = bucket.put(key, {
    body: original.body,
    etag: md5Etag(original.body),
    lastModifiedMs: nowMs,
    headers: isReplacing ? keepHeaders(headers) : original.headers,
    checksum: checksumWhole(original),
    parts: [],
  });
  const sourceVersion = readVersionHeaders(source, original)['x-amz-version-id'];
  return xmlResponse(
    [
      'CopyObjectResult',
      [
        ['ETag', copy.etag],
        ['LastModified', formatTime(nowMs)],
      ],
    ],
    {
      ...writtenVersionHeaders(bucket, copy),
      ...(sourceVersion === undefined ? {} : { 'x-amz-copy-source-version-id': sourceVersion }),
    },
  );
};

interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | null;
}

/** Splits off the version before decoding the path, because a key may contain a question mark (%3F). */
function readSource(header: string): CopySource {
  const [, path = '', versionId = null] = /^\/?(.*?)(?:\?versionId=(.*))?$/s.exec(header) ?? [];
  const source = decodePath(path);
  const slash = source.indexOf('/');
  return { bucket: source.slice(0, slash), key: source.slice(slash + 1), versionId };
}

function getOriginal(source: Bucket, { key, versionId }: CopySource): StoredObject {
  if (versionId !== null && source.findVersion(key, versionId)?.kind === 'delete_marker') {
    const message = 'The source of a copy request may not specifically refer to a delete marker by version id.';
    throw new Refusal('InvalidRequest', message);
  }
  return source.get(key, versionId);
}

function checksumWhole({ body, checksum }: StoredObject): Checksum | null {
  if (checksum === null || checksum.type === 'FULL_OBJECT') return checksum;
  const { algorithm } = checksum;
  return { algorithm, value: computeChecksum(algorithm, body), type: 'FULL_OBJECT' };
}
