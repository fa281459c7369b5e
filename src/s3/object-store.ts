import type { Clock } from '../clock.ts';
import { BatchDeleter, type BatchDeleteRequest } from './delete/delete-batch.ts';
import type { BatchOutcome } from './delete/batch-outcome.ts';
import { connectS3, type S3Settings } from './connection/connect.ts';
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

/** S3 as the rest of the program sees it: every call is one guarded operation, and nothing else reaches S3. */
export interface ObjectStore extends Disposable {
  readonly uploadFile: (upload: FileUpload) => Promise<UploadResult>;
  readonly uploadStream: (upload: StreamUpload) => Promise<UploadResult>;
  readonly download: (request: DownloadRequest) => Promise<DownloadResult>;
  readonly stat: (address: ObjectAddress) => Promise<ObjectFacts>;
  readonly list: (request: ListRequest) => AsyncIterable<ListedPage>;
  readonly listVersions: (request: ListRequest) => AsyncIterable<VersionPage>;
  readonly statKeys: (request: StatKeysRequest) => Promise<Omit<ListedPage, 'isLast'>>;
  readonly listUploads: (request: ListRequest) => AsyncIterable<UploadPage>;
  readonly abortUpload: (upload: UploadName) => Promise<void>;
  readonly deleteBatch: <T extends DeleteTarget>(request: BatchDeleteRequest<T>) => Promise<BatchOutcome<T>>;
  readonly close: () => void;
}

/**
 * Connects, with credentials found and everything checked that can be checked without S3.
 * @throws BreakwaterError `config`
 */
export async function openObjectStore(settings: S3Settings, clock: Clock, guard: Guard): Promise<ObjectStore> {
  const s3 = await connectS3(settings, clock);
  const deleter = new BatchDeleter(s3, guard);
  const close = (): void => {
    deleter.close();
    s3.destroy();
  };
  return {
    uploadFile: async (upload) => await uploadFile(s3, guard, upload),
    uploadStream: async (upload) => await uploadStream(s3, guard, upload),
    download: (request) => downloadObject(s3, guard, request),
    stat: async (request) => await statObject(s3, guard, request),
    list: (request) => listObjects(s3, guard, request),
    listVersions: (request) => listVersions(s3, guard, request),
    statKeys: async (request) => await statKeys(s3, guard, request),
    listUploads: (request) => listUploads(s3, guard, request),
    abortUpload: async (upload) => await abortUpload(s3, guard, upload),
    deleteBatch: async (request) => await deleter.deleteBatch(request),
    close,
    [Symbol.dispose]: close,
  };
}
