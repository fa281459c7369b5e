import type { Clock } from '../clock.ts';
import { BatchDeleter, type BatchDeleteRequest } from './delete/delete-batch.ts';
import type { BatchOutcome } from './delete/batch-outcome.ts';
import { connectS3, type S3Settings } from './connection/connect.ts';
import { BoundedRateLimiter } from './connection/rate-limiter.ts';
import type { DeleteTarget } from './delete/delete-request.ts';
import { statObject } from './download/stat-object.ts';
import type { DownloadRequest, DownloadResult, ObjectAddress, ObjectFacts } from './download/download-request.ts';
import { downloadObject } from './download/download-object.ts';
import type { Guard } from '../guard/guard.ts';
import { listObjects, type ListedPage } from './list/list-objects.ts';
import type { ListRequest } from './list/read-pages.ts';
import { statKeys, type StatKeysRequest } from './list/stat-keys.ts';
import { abortUpload, type UploadName } from './delete/abort-upload.ts';
import { listUploads, type UploadPage } from './list/list-uploads.ts';
import { uploadFile } from './upload/upload-file.ts';
import type { FileUpload, StreamUpload, UploadResult } from './upload/upload-request.ts';
import { uploadStream } from './upload/upload-stream.ts';
import { listVersions, type VersionPage } from './list/list-versions.ts';

/**
 * S3 as the rest of the program sees it; nothing else reaches S3.
 *
 * Every call is one guarded operation (of a listing, every page), with retries, circuit and deadline. Methods fail only
 * with a BreakwaterError. Its code is `unavailable` (also after the last retry), `access_denied`, `not_found` (also a
 * missing bucket), `rejected`, `circuit_open`, `deadline` or `interrupted`; the methods name what they add.
 * Calls may run at the same time. After the command's signal is aborted, each call fails with the signal's reason.
 */
export interface ObjectStore extends Disposable {
  /**
   * Creates an object from a file. May be repeated: an object of the same key is replaced, unless `ifNoneMatch`.
   * The caller opens and closes the source. After a failure or an abort no object exists, and no parts either, unless
   * `resume.isResumable` and the error allows a later run to resume; parts that could not be removed stay saved.
   * @throws `exists`, `source_changed`, `local_io`
   */
  readonly uploadFile: (upload: FileUpload) => Promise<UploadResult>;
  /**
   * Creates an object from a stream, which is read once and closed. Not repeatable: a retry of one request sends
   * buffered bytes, but the stream is gone after a failure. A failure or an abort removes the parts, as above.
   * @throws `exists`; what the stream throws
   */
  readonly uploadStream: (upload: StreamUpload) => Promise<UploadResult>;
  /**
   * Fetches an object, or a range of it, into the target that `openTarget` returns once S3 has responded. May be repeated,
   * and resumes from `resume`. The caller commits or abandons the target; after a failure or an abort it may hold bytes
   * that are not verified.
   * @throws `object_changed`, `checksum_mismatch`, `local_io` and `local_create` from the target
   */
  readonly download: (request: DownloadRequest) => Promise<DownloadResult>;
  /** Reads what S3 says about an object. May be repeated. A missing object is `not_found`. */
  readonly stat: (address: ObjectAddress) => Promise<ObjectFacts>;
  /**
   * Lists objects in the order of their keys, at most 1,000 a page. A page is requested when it is wanted; leaving the
   * loop ends the listing. No objects are one empty page. Repeatable with `startAfter`.
   */
  readonly list: (request: ListRequest) => AsyncIterable<ListedPage>;
  /** Lists versions and delete markers, as `list` does objects. A key may span two pages. */
  readonly listVersions: (request: ListRequest) => AsyncIterable<VersionPage>;
  /** Finds up to 1,000 named objects, with one request each. May be repeated. Missing keys are left out. */
  readonly statKeys: (request: StatKeysRequest) => Promise<Omit<ListedPage, 'isLast'>>;
  /** Lists uploads that were neither completed nor aborted, as `list` does objects, but always from the first. */
  readonly listUploads: (request: Pick<ListRequest, 'bucket' | 'prefix'>) => AsyncIterable<UploadPage>;
  /** Aborts an upload and frees its parts. May be repeated: aborting a missing upload is not an error. */
  readonly abortUpload: (upload: UploadName) => Promise<void>;
  /**
   * Deletes up to 1,000 objects or versions. May be repeated: deleting a missing one is not an error, and an object that
   * was overwritten since it was listed stays, if the store honours ETags. Errors of S3, and aborts, are in the result,
   * which accounts for every item. After an abort nothing new is sent; requests in flight get 10 s to end.
   */
  readonly deleteBatch: <T extends DeleteTarget>(request: BatchDeleteRequest<T>) => Promise<BatchOutcome<T>>;
  /** Closes all connections, also while calls are under way. May be repeated. `Symbol.dispose` does the same. */
  /** Resolves once the rate limiter holds no request back. @throws the signal's reason as soon as it aborts */
  readonly waitWhileThrottled: (signal: AbortSignal) => Promise<void>;
  readonly close: () => void;
}

/**
 * Connects: finds credentials, and checks everything that can be checked without S3.
 * @throws BreakwaterError `config`
 */
export async function openObjectStore(settings: S3Settings, clock: Clock, unlimited: Guard): Promise<ObjectStore> {
  const limiter = new BoundedRateLimiter(clock);
  const s3 = await connectS3(settings, clock, limiter);
  const guard: Guard = { ...unlimited, limiter };
  const deleter = new BatchDeleter(s3, guard);
  const close = (): void => {
    deleter.close();
    s3.destroy();
  };
  return {
    uploadFile: (upload) => uploadFile(s3, guard, upload),
    uploadStream: (upload) => uploadStream(s3, guard, upload),
    download: (request) => downloadObject(s3, guard, request),
    stat: (address) => statObject(s3, guard, address),
    list: (request) => listObjects(s3, guard, request),
    listVersions: (request) => listVersions(s3, guard, request),
    statKeys: (request) => statKeys(s3, guard, request),
    listUploads: (request) => listUploads(s3, guard, request),
    abortUpload: (upload) => abortUpload(s3, guard, upload),
    deleteBatch: (request) => deleter.deleteBatch(request),
    waitWhileThrottled: async (signal) => await limiter.waitUntilIdle(signal),
    close,
    [Symbol.dispose]: close,
  };
}
