import { formatTime } from '../../clock.ts';
import { xmlResponse, type Node } from '../protocol/xml.ts';
import { checksumNodes } from '../protocol/checksum.ts';
import { compareKeys } from '../store/key-order.ts';
import { checkGivenKey } from './customer-key.ts';
import { storageClassOf } from './kept-headers.ts';
import { nameWriter, readCount } from './list-query.ts';
import { INITIATOR, OWNER } from './owner.ts';
import type { Operate } from './operate.ts';
import type { StoredUpload } from '../store/stored.ts';
import { Refusal } from '../protocol/wire.ts';

export const listParts: Operate = ({ bucket: name, key, query, headers }, { buckets }) => {
  const upload = buckets.get(name).getUpload(query.get('uploadId') ?? '', key);
  checkGivenKey(headers, upload.headers);
  const marker = query.get('part-number-marker') ?? '0';
  if (!/^\d{1,5}$/.test(marker)) throw new Refusal('InvalidArgument', 'part-number-marker is not a number');
  const maxParts = readCount(query, 'max-parts');
  const rest = [...upload.parts].filter(([number]) => number > Number(marker)).toSorted(([a], [b]) => a - b);
  const page = rest.slice(0, maxParts);
  return xmlResponse([
    'ListPartsResult',
    [
      ['Bucket', name],
      ['Key', key],
      ['UploadId', upload.id],
      ['PartNumberMarker', Number(marker)],
      ['NextPartNumberMarker', page.at(-1)?.[0] ?? 0],
      ['MaxParts', maxParts],
      ['IsTruncated', rest.length > page.length],
      INITIATOR,
      OWNER,
      ['StorageClass', storageClassOf(upload.headers)],
      ...writeExpectedChecksum(upload),
      ...page.map(([number, { etag, body, lastModifiedMs, checksum }]): Node => [
        'Part',
        [
          ['PartNumber', number],
          ['ETag', etag],
          ['Size', body.length],
          ['LastModified', formatTime(lastModifiedMs)],
          ...checksumNodes(checksum),
        ],
      ]),
    ],
  ]);
};

/** Sorted by key, then by start time, which is also the order of ids. */
export const listMultipartUploads: Operate = ({ bucket: bucketName, query }, { buckets }) => {
  const bucket = buckets.get(bucketName);
  const name = nameWriter(query);
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  // S3 ignores it without a key marker.
  const idMarker = keyMarker === '' ? '' : (query.get('upload-id-marker') ?? '');
  const maxUploads = readCount(query, 'max-uploads');
  const uploads = [...bucket.uploads.values()]
    .filter((upload) => upload.key.startsWith(prefix) && isBehind(upload, { keyMarker, idMarker }))
    .toSorted((a, b) => compareKeys(a.key, b.key) || compareKeys(a.id, b.id));
  const page = uploads.slice(0, maxUploads);
  const last = uploads.length > page.length ? page.at(-1) : undefined;
  return xmlResponse([
    'ListMultipartUploadsResult',
    [
      ['Bucket', bucketName],
      ['KeyMarker', name(keyMarker)],
      ['UploadIdMarker', idMarker],
      ['Prefix', name(prefix)],
      ['MaxUploads', maxUploads],
      query.has('encoding-type') ? ['EncodingType', 'url'] : null,
      ['IsTruncated', last !== undefined],
      last === undefined ? null : ['NextKeyMarker', name(last.key)],
      last === undefined ? null : ['NextUploadIdMarker', last.id],
      ...page.map((upload): Node => [
        'Upload',
        [
          ['Key', name(upload.key)],
          ['UploadId', upload.id],
          INITIATOR,
          OWNER,
          ['StorageClass', storageClassOf(upload.headers)],
          ['Initiated', formatTime(upload.startedAtMs)],
          ...writeExpectedChecksum(upload),
        ],
      ]),
    ],
  ]);
};

/** A key marker alone skips every upload of that key. With an id, later uploads of that key follow. */
function isBehind(
  { key, id }: StoredUpload,
  { keyMarker, idMarker }: { readonly keyMarker: string; readonly idMarker: string },
): boolean {
  if (key === keyMarker) return idMarker !== '' && id > idMarker;
  return compareKeys(key, keyMarker) > 0;
}

function writeExpectedChecksum({ checksum }: StoredUpload): readonly Node[] {
  if (checksum === null) return [];
  return [
    ['ChecksumAlgorithm', checksum.algorithm.toUpperCase()],
    ['ChecksumType', checksum.type],
  ];
}
