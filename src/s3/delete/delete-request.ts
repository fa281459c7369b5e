import { createHash } from 'node:crypto';
import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { readFields } from '../../read-fields.ts';
import { readPage, refusePage } from '../list/page-entries.ts';
import type { Attempt } from '../../guard/request-runner.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';
import { readDone } from '../protocol/read-done.ts';
import { DELETED, readDeleteAnswer, UNCONFIRMED, type KeyResponse } from './delete-answer.ts';
import type { DeleteTarget } from './delete-target.ts';

interface DeleteRequest {
  readonly bucket: string;
  readonly targets: readonly DeleteTarget[];
  readonly hasMd5: boolean;
}

/** Sends one request of a deletion when the pace allows it. After an interruption the request gets time to finish. */
export type SendPaced = <T>(attempt: Attempt, request: (options: WatchedOptions) => Promise<T>) => Promise<T>;

const RESULTS: ReadonlySet<string> = new Set([DELETED, 'Error']);

/**
 * Sends one DeleteObjects.
 * @returns a response for every target, keyed by `identify`
 * @throws the SDK's error; TransferFault `not_s3` for a response that is not one to DeleteObjects
 */
export async function sendBatchDelete(
  s3: S3Client,
  { bucket, targets, hasMd5 }: DeleteRequest,
  options: WatchedOptions,
): Promise<ReadonlyMap<string, KeyResponse>> {
  const command = new DeleteObjectsCommand({
    Bucket: bucket,
    // Not quiet, so that the response names every key.
    Delete: { Objects: targets.map(targetInput), Quiet: false },
  });
  if (hasMd5) addContentMd5(command);
  const readAnswer = readPage(command, RESULTS);
  await s3.send(command, options);
  const { root, entries } = readAnswer();
  // A page from a proxy names no key, and must not pass for a response that names only errors.
  if (root !== null && root !== 'DeleteResult') refusePage('the response to the deletion does not come from S3');
  return readDeleteAnswer(targets, entries);
}

/**
 * Sends one DeleteObject.
 * @returns `unclear` if a store answers in another form than S3's, which does not confirm the deletion
 * @throws the SDK's error; TransferFault `not_s3` for a page with a success status
 */
export async function sendSingleDelete(
  s3: S3Client,
  { bucket, target: { key, versionId, etag } }: { readonly bucket: string; readonly target: DeleteTarget },
  options: WatchedOptions,
): Promise<KeyResponse> {
  const command = new DeleteObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(versionId === null ? {} : { VersionId: versionId }),
    ...(etag === null ? {} : { IfMatch: etag }),
  });
  const isDone = readDone(command);
  await s3.send(command, options);
  return isDone() ? { kind: 'deleted' } : UNCONFIRMED;
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
