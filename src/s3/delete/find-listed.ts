import type { Guard } from '../../guard/guard.ts';
import type { ObjectClient } from '../connection/object-client.ts';
import { listVersions } from '../list/list-versions.ts';
import type { DeleteTarget } from './delete-target.ts';

/** Finds out whether a listing shows a version. */
export function findListed(
  s3: ObjectClient,
  guard: Guard,
  bucket: string,
): (item: Pick<DeleteTarget, 'key' | 'versionId'>) => Promise<boolean> {
  return async ({ key, versionId }) => {
    for await (const { versions } of listVersions(s3, guard, { bucket, prefix: key })) {
      if (versions.some((version) => version.key === key && version.versionId === versionId)) return true;
      // Longer keys come after it.
      if (versions.some((version) => version.key !== key)) return false;
    }
    return false;
  };
}
