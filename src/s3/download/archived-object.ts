import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { BreakwaterError } from '../../errors.ts';
import { operationError } from '../../guard/operation-error.ts';
import { readFields } from '../../read-fields.ts';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import { headObject } from '../protocol/head-object.ts';
import type { DownloadOptions } from './verify-download.ts';

/** S3's code for an archived object (API reference, GetObject). */
const ARCHIVED = 'InvalidObjectState';

/** Classes that need a restore (S3 User Guide, "Restoring an archived object"). */
const ARCHIVE_CLASSES: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

interface Archive {
  /** The storage class, or the tier of Intelligent-Tiering; null if S3 does not name it. */
  readonly place: string | null;
  readonly isBeingRestored: boolean;
}

/**
 * Explains a 403 that is no question of credentials: the object is archived. A HEAD names its class and whether a restore
 * has begun; it also tells where the 403 has no code.
 * @returns the error to throw
 */
export async function explainArchive(options: DownloadOptions, error: unknown): Promise<unknown> {
  if (!(error instanceof RetryChainFailed) || options.requests.signal.aborted) return error;
  const { code } = error.failure;
  if (code !== ARCHIVED && code !== 'http_403') return error;
  const { s3, requests, request } = options;
  const head = await requests.sendAuxiliary((attempt) => headObject(s3, request, attempt.options)).catch(() => null);
  const stated = code === ARCHIVED ? readFields(error.cause) : {};
  const archive = readArchive(head) ?? (code === ARCHIVED ? { place: placeOf(stated), isBeingRestored: false } : null);
  return archive === null ? error : archivedError(options, error, archive);
}

/** Null if the object can be read. */
function readArchive(head: HeadObjectCommandOutput | null): Archive | null {
  const { StorageClass, ArchiveStatus, Restore = '' } = head ?? {};
  const isArchived = ArchiveStatus !== undefined || ARCHIVE_CLASSES.has(StorageClass ?? '');
  if (!isArchived || Restore.includes('ongoing-request="false"')) return null;
  return { place: ArchiveStatus ?? StorageClass ?? null, isBeingRestored: Restore.includes('ongoing-request="true"') };
}

function placeOf({ AccessTier, StorageClass }: Readonly<Record<string, unknown>>): string | null {
  const named = AccessTier ?? StorageClass;
  return typeof named === 'string' ? named : null;
}

function archivedError(
  { request }: DownloadOptions,
  error: RetryChainFailed,
  { place, isBeingRestored }: Archive,
): BreakwaterError {
  const { bucket, key } = request;
  const { details } = operationError({ operation: 'get_object', bucket, key }, error);
  const next = isBeingRestored ? 'its restore is under way' : 'it has to be restored first';
  const named = place === null ? '' : ` (${place})`;
  const hint = isBeingRestored
    ? 'run the command again when the restore has ended, which can take hours'
    : 'restore it, for example with aws s3api restore-object, and run the command again when that has ended';
  return new BreakwaterError('rejected', `get s3://${bucket}/${key} failed: the object is archived${named}: ${next}`, {
    cause: error.cause,
    details: { ...details, hint },
  });
}
