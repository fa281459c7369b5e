import type { Bucket } from '../store/bucket.ts';
import type { StoredVersion } from '../store/stored.ts';

type Headers = Readonly<Record<string, string>>;

/** What the response to a write says of its version: nothing unless versions are kept. */
export function writtenVersionHeaders({ versioning }: Bucket, { versionId }: StoredVersion): Headers {
  return versioning === 'enabled' ? { 'x-amz-version-id': versionId } : {};
}

/** What the response to a read says of its version: `null` too, once the bucket has kept versions. */
export function readVersionHeaders({ versioning }: Bucket, { versionId }: StoredVersion): Headers {
  return versioning === 'unversioned' ? {} : { 'x-amz-version-id': versionId };
}
