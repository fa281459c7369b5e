import type { Clock } from '../clock.ts';
import { BatchDeleter, type BatchDeleteRequest } from './delete/delete-batch.ts';
import type { BatchOutcome } from './delete/batch-outcome.ts';
import { connectS3, type S3Settings } from './connection/connect.ts';
import { BoundedRateLimiter } from './connection/rate-limiter.ts';
import type { DeleteTarget } from './delete/delete-target.ts';
import { statObject, type StatRequest } from './download/stat-object.ts';
import type { DownloadRequest, DownloadResult, ObjectFacts } from './download/download-request.ts';
import { DigestThreads } from './checksum/thread/digest-threads.ts';
import { EtagTrust } from './download/etag-trust.ts';
import { FactTrust } from './download/fact-trust.ts';
import { downloadObject } from './download/download-object.ts';
import type { Guard } from '../guard/guard.ts';
import { listObjects, type ListedPage } from './list/list-objects.ts';
import type { ListRequest } from './list/read-pages.ts';
import { refuseStrays } from './list/refuse-strays.ts';
import { statKeys, type StatedKeys, type StatKeysRequest } from './list/stat-keys.ts';
import { abortUpload, type AbortEnd, type UploadName } from './delete/abort-upload.ts';
import { listUploads, type UploadPage } from './list/list-uploads.ts';
import { uploadFile } from './upload/upload-file.ts';
import type { FileUpload, StreamUpload, UploadResult } from './upload/upload-request.ts';
import { uploadStream } from './upload/upload-stream.ts';
import { listVersions, type VersionPage } from './list/list-versions.ts';

/**
 * The program's only access to S3.
 *
 * Every call (in a listing, every page) is one guarded operation with retries, circuit and deadline. It fails only with
 * a BreakwaterError: `unavailable`, `access_denied`, `not_found` (also for a missing bucket), `rejected`,
 * `circuit_open`, `deadline`, `interrupted`, or a code that the method names. Calls may run at the same time. Once the
 * command's signal aborts, each call fails with the signal's reason.
 */
export interface ObjectStore extends Disposable {
  /**
   * Creates an object from a file. May be repeated: it replaces an object with the same key, unless `ifNoneMatch`.
   * The caller opens and closes the source. A failure or an abort creates no object and removes the parts, unless
   * `resume.isResumable` and the error allow a later run to resume. Parts that could not be removed stay saved.
   * @throws `exists`, `source_changed`, `local_io`
   */
  readonly uploadFile: (upload: FileUpload) => Promise<UploadResult>;
  /**
   * Creates an object from a stream, which is read once and closed. Not repeatable: a request is retried from buffered
   * bytes, but a failure ends the stream. A failure or an abort removes the parts, as above.
   * @throws `exists`; the stream's error
   */
  readonly uploadStream: (upload: StreamUpload) => Promise<UploadResult>;
  /**
   * Fetches an object, or a range of it, into the target that `openTarget` returns once S3 has responded. May be
   * repeated, and resumes from `resume`. The caller commits or abandons the target; after a failure or an abort it may
   * hold unverified bytes.
   * @throws `object_changed`, `checksum_mismatch`, `local_io` and `local_create` from the target
   */
  readonly download: (request: DownloadRequest) => Promise<DownloadResult>;
  /** Describes an object without fetching it. May be repeated. A missing object is `not_found`. */
  readonly stat: (request: StatRequest) => Promise<ObjectFacts>;
  /**
   * Lists objects in key order, at most 1,000 per page. Each page is requested when the loop reaches it; leaving the
   * loop ends the listing. An empty listing yields one empty page. Repeatable with `startAfter`. A key outside the
   * prefix is `rejected`.
   */
  readonly list: (request: ListRequest) => AsyncIterable<ListedPage>;
  /** Like `list`, for versions and delete markers. A key may span two pages. */
  readonly listVersions: (request: ListRequest) => AsyncIterable<VersionPage>;
  /**
   * Finds up to 1,000 named objects, with one request each. May be repeated. Missing keys are left out; those that cannot
   * be read are named with the reason.
   */
  readonly statKeys: (request: StatKeysRequest) => Promise<StatedKeys>;
  /** Like `list`, for uploads neither completed nor aborted, but always from the first. */
  readonly listUploads: (request: Pick<ListRequest, 'bucket' | 'prefix'>) => AsyncIterable<UploadPage>;
  /** Aborts an upload and frees its parts. May be repeated: that the upload is missing is not an error, but said. */
  readonly abortUpload: (upload: UploadName) => Promise<AbortEnd>;
  /**
   * Deletes up to 1,000 objects or versions. May be repeated: deleting a missing one is not an error, and if the store
   * honours ETags, an object overwritten since it was listed stays. The result accounts for every item, and includes
   * S3's errors and aborts. After an abort nothing new is sent, and requests in flight get 10 s to end.
   */
  readonly deleteBatch: <T extends DeleteTarget>(request: BatchDeleteRequest<T>) => Promise<BatchOutcome<T>>;
  /**
   * Resolves once the rate limiter holds no request back; null if it holds none back now.
   * @throws the signal's reason as soon as it aborts
   */
  readonly waitWhileThrottled: (signal: AbortSignal) => Promise<void> | null;
  /** Closes all connections, even those in use. May be repeated. `Symbol.dispose` does the same. */
  readonly close: () => void;
}

/**
 * Finds credentials, and checks everything that can be checked without S3.
 * @throws BreakwaterError `config`
 */
export async function openObjectStore(settings: S3Settings, clock: Clock, unlimited: Guard): Promise<ObjectStore> {
  const limiter = new BoundedRateLimiter(clock);
  const s3 = await connectS3(settings, { ...unlimited, clock }, limiter);
  const guard: Guard = { ...unlimited, limiter };
  const deleter = new BatchDeleter(s3, guard);
  const threads = new DigestThreads();
  const downloads = { s3, guard, etagTrust: new EtagTrust(), wholeTrust: new FactTrust(), threads };
  const close = (): void => {
    threads.close();
    deleter.close();
    s3.destroy();
  };
  return {
    uploadFile: (upload) => uploadFile(s3, guard, upload),
    uploadStream: (upload) => uploadStream(s3, guard, upload),
    download: (request) => downloadObject(downloads, request),
    stat: (request) => statObject(s3, guard, request),
    list: (request) => refuseStrays(request, listObjects(s3, guard, request), ({ objects }) => objects),
    listVersions: (request) => refuseStrays(request, listVersions(s3, guard, request), ({ versions }) => versions),
    statKeys: (request) => statKeys(s3, guard, request),
    listUploads: (request) => refuseStrays(request, listUploads(s3, guard, request), ({ uploads }) => uploads),
    abortUpload: (upload) => abortUpload(s3, guard, upload),
    deleteBatch: (request) => deleter.deleteBatch(request),
    waitWhileThrottled: (signal) => limiter.waitUntilIdle(signal),
    close,
    [Symbol.dispose]: close,
  };
}
