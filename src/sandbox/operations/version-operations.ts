import { formatTime } from '../../clock.ts';
import { xmlResponse, childText, malformedDocument, readDocument, type Node } from '../protocol/xml.ts';
import { storageClassOf } from './kept-headers.ts';
import { nameWriter, readCount } from './list-query.ts';
import { OWNER } from './owner.ts';
import type { Operate } from './operate.ts';
import { listVersionPage, type ListedVersion } from '../store/version-listing.ts';
import { Refusal } from '../protocol/wire.ts';

export const getBucketVersioning: Operate = ({ bucket }, { buckets }) => {
  const { versioning } = buckets.get(bucket);
  const status = { unversioned: null, enabled: 'Enabled', suspended: 'Suspended' }[versioning];
  return xmlResponse(['VersioningConfiguration', status === null ? '' : [['Status', status]]]);
};

export const putBucketVersioning: Operate = ({ bucket, body }, { buckets }) => {
  const found = buckets.get(bucket);
  const document = readDocument(body.toString());
  const status = childText(document, 'Status');
  if (document.name !== 'VersioningConfiguration' || (status !== 'Enabled' && status !== 'Suspended')) {
    throw new Refusal(
      'IllegalVersioningConfigurationException',
      'The Versioning element must be specified and be Enabled or Suspended',
    );
  }
  if (document.children.some(({ name }) => name !== 'Status' && name !== 'MfaDelete')) throw malformedDocument();
  if (childText(document, 'MfaDelete') === 'Enabled') {
    throw new Refusal('NotImplemented', 'MFA delete is not implemented here');
  }
  found.setVersioning(status === 'Enabled' ? 'enabled' : 'suspended');
  return { status: 200, headers: {}, body: '' };
};

export const listObjectVersions: Operate = ({ bucket: bucketName, query }, { buckets }) => {
  const bucket = buckets.get(bucketName);
  const name = nameWriter(query);
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const versionIdMarker = query.get('version-id-marker');
  const maxKeys = readCount(query, 'max-keys');
  if (versionIdMarker !== null && keyMarker === '') {
    throw new Refusal('InvalidArgument', 'A version-id marker cannot be specified without a key marker.');
  }
  if (versionIdMarker === '') throw new Refusal('InvalidArgument', 'A version-id marker cannot be empty.');
  const page = listVersionPage(bucket, { prefix, delimiter, keyMarker, versionIdMarker, maxKeys });
  const { next } = page;
  return xmlResponse([
    'ListVersionsResult',
    [
      ['Name', bucketName],
      ['Prefix', name(prefix)],
      ['KeyMarker', name(keyMarker)],
      ['VersionIdMarker', versionIdMarker ?? ''],
      next === null ? null : ['NextKeyMarker', name(next.key)],
      next?.versionId === undefined ? null : ['NextVersionIdMarker', next.versionId],
      ['MaxKeys', maxKeys],
      delimiter === '' ? null : ['Delimiter', name(delimiter)],
      query.has('encoding-type') ? ['EncodingType', 'url'] : null,
      ['IsTruncated', next !== null],
      ...page.versions.map((listed) => writeVersion(listed, name)),
      ...page.commonPrefixes.map((group): Node => ['CommonPrefixes', [['Prefix', name(group)]]]),
    ],
  ]);
};

function writeVersion({ key, version, isLatest }: ListedVersion, name: (text: string) => string): Node {
  const common: readonly Node[] = [
    ['Key', name(key)],
    ['VersionId', version.versionId],
    ['IsLatest', isLatest],
    ['LastModified', formatTime(version.lastModifiedMs)],
    OWNER,
  ];
  if (version.kind === 'delete_marker') return ['DeleteMarker', common];
  const { etag, body, headers } = version;
  return ['Version', [...common, ['ETag', etag], ['Size', body.length], ['StorageClass', storageClassOf(headers)]]];
}
