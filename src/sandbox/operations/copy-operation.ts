import { formatTime } from '../../clock.ts';
import { checksumNodes, computeChecksum, readAlgorithm } from '../protocol/checksum.ts';
import { decodePath } from '../protocol/signature.ts';
import { Refusal, type Checksum } from '../protocol/wire.ts';
import { xmlResponse } from '../protocol/xml.ts';
import type { Bucket } from '../store/bucket.ts';
import type { StoredObject } from '../store/stored.ts';
import { checkReadConditions, checkWriteConditions } from './conditions.ts';
import { checkCustomerKey } from './customer-key.ts';
import { etagOf } from './etag.ts';
import {
  checkReadable,
  descriptionOf,
  keepDescription,
  keepPlacement,
  storageClassOf,
  tagsOf,
  writtenHeaders,
  type KeptHeaders,
} from './kept-headers.ts';
import { checkKey } from './object-operations.ts';
import type { Operate } from './operate.ts';
import { readVersionHeaders, writtenVersionHeaders } from './version-headers.ts';

type Headers = ReadonlyMap<string, string>;

const DIRECTIVE = 'x-amz-metadata-directive';

/** Copies an object or one of its versions. The copy has no parts, even if the original does. */
export const copyObject: Operate = ({ bucket: name, key, headers }, { buckets, nowMs }) => {
  const bucket = buckets.get(name);
  checkKey(key);
  checkWriteConditions(headers, bucket.find(key));
  const from = readSource(headers.get('x-amz-copy-source') ?? '');
  const source = buckets.get(from.bucket);
  const original = getOriginal(source, from);
  checkSource(headers, original);
  const kept = keepForCopy(headers, original.headers);
  if (bucket === source && key === from.key && from.versionId === null && !isChange(headers, original.headers)) {
    throw new Refusal(
      'InvalidRequest',
      'This copy request is illegal: it copies an object to itself without a change.',
    );
  }
  const copy = bucket.put(key, {
    body: original.body,
    etag: etagOf(original.body, kept),
    lastModifiedMs: nowMs,
    headers: kept,
    checksum: checksumCopy(headers, original),
    parts: [],
  });
  const sourceVersion = readVersionHeaders(source, original)['x-amz-version-id'];
  return xmlResponse(
    [
      'CopyObjectResult',
      [
        ['ETag', copy.etag],
        ['LastModified', formatTime(nowMs)],
        ...checksumNodes(copy.checksum),
        copy.checksum === null ? null : ['ChecksumType', copy.checksum.type],
      ],
    ],
    {
      ...writtenHeaders(kept),
      ...writtenVersionHeaders(bucket, copy),
      ...(sourceVersion === undefined ? {} : { 'x-amz-copy-source-version-id': sourceVersion }),
    },
  );
};

/** @throws Refusal `InvalidArgument` for an unknown directive */
function keepForCopy(headers: Headers, original: KeptHeaders): KeptHeaders {
  const directive = headers.get(DIRECTIVE) ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE') {
    throw new Refusal('InvalidArgument', 'Unknown metadata directive.');
  }
  const description = directive === 'REPLACE' ? keepDescription(headers) : descriptionOf(original);
  return { ...description, ...keepPlacement(headers), ...tagsOf(original) };
}

/** Whether an object copied to itself changes in any way that S3 accepts. */
function isChange(headers: Headers, original: KeptHeaders): boolean {
  const kept = keepPlacement(headers);
  return (
    headers.get(DIRECTIVE) === 'REPLACE' ||
    storageClassOf(kept) !== storageClassOf(original) ||
    'x-amz-server-side-encryption' in kept
  );
}

/** @throws Refusal if the original cannot be read, or is not the one that the conditions ask for */
function checkSource(headers: Headers, original: StoredObject): void {
  // The headers for the keys of a copy and its original are not implemented.
  checkCustomerKey(new Map(), original.headers);
  checkReadable(original.headers);
  const prefix = 'x-amz-copy-source-';
  const conditions = [...headers].flatMap(([name, value]): readonly (readonly [string, string])[] =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
  );
  if (checkReadConditions(new Map(conditions), original) === 'send') return;
  throw new Refusal('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
}

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

/** @throws Refusal `InvalidRequest` for an unknown algorithm */
function checksumCopy(headers: Headers, { body, checksum }: StoredObject): Checksum | null {
  const requested = headers.get('x-amz-checksum-algorithm');
  const algorithm = requested === undefined ? checksum?.algorithm : readAlgorithm(requested);
  if (algorithm === undefined) return null;
  if (algorithm === checksum?.algorithm && checksum.type === 'FULL_OBJECT') return checksum;
  return { algorithm, value: computeChecksum(algorithm, body), type: 'FULL_OBJECT' };
}
