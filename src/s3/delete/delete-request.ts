import { createHash } from 'node:crypto';
import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { classify } from '../../retry/classify.ts';
import { TransferFault } from '../../retry/transfer-fault.ts';
import { readFields } from '../../read-fields.ts';
import { readEntries } from '../list/page-entries.ts';
import type { Attempt } from '../../guard/request-runner.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';

/** One thing to delete. */
export interface DeleteTarget {
  readonly key: string;
  /** The version to delete permanently; null for the current object. */
  readonly versionId: string | null;
  /** The ETag that the object must still have, with quotes; null if unknown. */
  readonly etag: string | null;
}

/** The store's result for one key. */
export type KeyResponse =
  /** Deleted, or already missing. */
  | { readonly kind: 'deleted' }
  /** The object was replaced, and the new one was kept. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly isTransient: boolean };

interface DeleteRequest {
  readonly bucket: string;
  readonly targets: readonly DeleteTarget[];
  readonly hasMd5: boolean;
}

/** Sends one request of a deletion when the pace allows it. After an interruption the request gets time to finish. */
export type SendPaced = <T>(attempt: Attempt, request: (options: WatchedOptions) => Promise<T>) => Promise<T>;

/** The target to send for one item. A version needs no ETag, because it never changes. */
export function readTarget({ key, versionId, etag }: DeleteTarget, isBare: boolean): DeleteTarget {
  return { key, versionId, etag: isBare || versionId !== null ? null : etag };
}

/** Identifies a key and its version in a response. */
export function identify({ key, versionId }: Pick<DeleteTarget, 'key' | 'versionId'>): string {
  return versionId === null ? key : `${key}\u0000${versionId}`;
}

const DELETED = 'Deleted';
const RESULTS: ReadonlySet<string> = new Set([DELETED, 'Error']);

/**
 * Sends one DeleteObjects.
 * @returns a response for every target, keyed by `identify`
 * @throws the SDK's error; TransferFault `not_s3` for a response with missing or unrequested keys
 */
export async function sendBatchDelete(
  s3: S3Client,
  { bucket, targets, hasMd5 }: DeleteRequest,
  options: WatchedOptions,
): Promise<ReadonlyMap<string, KeyResponse>> {
  const command = new DeleteObjectsCommand({
    Bucket: bucket,
    // Not quiet, because a response that does not account for every key does not come from S3.
    Delete: { Objects: targets.map(targetInput), Quiet: false },
  });
  if (hasMd5) addContentMd5(command);
  const entries = readEntries(command, RESULTS);
  await s3.send(command, options);
  const requested = new Set(targets.map(identify));
  const results = new Map<string, KeyResponse>();
  for (const { name, fields } of entries()) {
    const { Key = '', VersionId, Code = 'Unknown', Message = '' } = fields;
    // Stores without versioning leave the version out.
    const versioned = identify({ key: Key, versionId: VersionId ?? null });
    const id = requested.has(versioned) ? versioned : Key;
    if (!requested.has(id)) {
      throw new TransferFault('not_s3', 'the response to the deletion names a key that was not requested');
    }
    // An error wins over any other result for the same key.
    if (name !== DELETED) results.set(id, readKeyError(Code, Message));
    else if (!results.has(id)) results.set(id, { kind: 'deleted' });
  }
  if (results.size !== requested.size) {
    throw new TransferFault('not_s3', 'the response to the deletion does not account for every key');
  }
  return results;
}

/** Sends one DeleteObject. @throws the SDK's error, unless the object is deleted or was missing */
export async function sendSingleDelete(
  s3: S3Client,
  { bucket, target: { key, versionId, etag } }: { readonly bucket: string; readonly target: DeleteTarget },
  options: WatchedOptions,
): Promise<void> {
  const command = new DeleteObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(versionId === null ? {} : { VersionId: versionId }),
    ...(etag === null ? {} : { IfMatch: etag }),
  });
  await s3.send(command, options);
}

/** Reads S3's code for one key. A delete repeated after a lost response gets one of the first two. */
export function readKeyError(code: string, message: string): KeyResponse {
  switch (code) {
    case 'NoSuchKey':
    case 'NoSuchVersion':
      return { kind: 'deleted' };
    case 'PreconditionFailed':
    // Another write or delete of this key came first (S3 user guide, "How to perform conditional deletes").
    case 'ConditionalRequestConflict':
      return { kind: 'changed' };
    default:
      return { kind: 'failed', code, message, isTransient: classify({ Code: code, message }).isRetryable };
  }
}

/** Characters that XML 1.0 forbids (section 2.2) or that parsers change (section 2.11, line ends). */
// oxlint-disable-next-line no-control-regex -- it must match control characters
const NOT_FOR_XML = /[\u0000-\u001f\ufffe\uffff]/u;

/** Whether a key survives in an XML body; otherwise it is deleted with its own request. */
export function fitsXml({ key }: DeleteTarget): boolean {
  return !NOT_FOR_XML.test(key) && key.isWellFormed();
}

function targetInput({ key, versionId, etag }: DeleteTarget) {
  return {
    Key: key,
    ...(versionId === null ? {} : { VersionId: versionId }),
    ...(etag === null ? {} : { ETag: etag }),
  };
}

/** For stores that support no other checksum for DeleteObjects. */
function addContentMd5(command: DeleteObjectsCommand): void {
  command.middlewareStack.add(
    (next) => async (args) => {
      const { body, headers } = readFields(args.request);
      if (typeof body === 'string' && typeof headers === 'object' && headers !== null) {
        Object.assign(headers, { 'content-md5': createHash('md5').update(body).digest('base64') });
      }
      return await next(args);
    },
    { step: 'build', name: 'addContentMd5', priority: 'low' },
  );
}
