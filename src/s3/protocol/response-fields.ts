import { readFields } from '../../read-fields.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';

/**
 * Rejects a response without a field that S3 always sends, such as a proxy's page with status 200.
 * @throws TransferFault `not_s3`
 */
export function assertSentByS3(output: unknown, field: string): void {
  const value = readFields(output)[field];
  if (typeof value === 'string' && value !== '') return;
  throw new TransferFault('not_s3', `the response has no ${field}: it does not come from S3`);
}

/**
 * Rejects a response about another version than the requested one; null for any. A store that ignores `versionId` would
 * describe the current version.
 * @throws TransferFault `not_s3`
 */
export function assertVersion(output: unknown, { versionId }: { readonly versionId: string | null }): void {
  const { VersionId: stated } = readFields(output);
  // An object from before versioning is the version "null", and a store may not name it.
  if (versionId === null || stated === versionId || (versionId === 'null' && stated === undefined)) return;
  const received = typeof stated === 'string' ? stated : 'a response without a version';
  throw new TransferFault('not_s3', `requested version ${versionId}, received ${received}`);
}
