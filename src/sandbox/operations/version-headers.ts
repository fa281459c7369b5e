import type { Bucket } from '../store/bucket.ts';
import type { StoredVersion } from '../store/stored.ts';

type Headers = Readonly<Record<string, string>>;

/** The version header in the response to a write; none unless versioning is enabled. */
export function writtenVersionHeaders({ versioning }: Bucket, { versionId }: StoredVersion): Headers {
  return versioning === 'enabled' ? { 'x-amz-version-id': versionId } : {};
}

/** The version header in the response to a read; includes version `null` once versioning has been enabled. */
export function readVersionHeaders({ versioning }: Bucket, { versionId }: StoredVersion): Headers {
  return versioning === 'unversioned' ? {} : { 'x-amz-version-id': versionId };
}
