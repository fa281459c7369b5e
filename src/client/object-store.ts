import type { Clock } from '../clock.ts';
import { deleteBatch, type BatchDeleteRequest, type DeleteFailure } from './batch-delete.ts';
import { connectS3, type S3Settings } from './connection.ts';
import { lookAtObject, type LookRequest } from './download-look.ts';
import type { DownloadRequest, DownloadResult, ObjectFacts } from './download-request.ts';
import { downloadObject } from './download.ts';
import type { Guard } from './guard.ts';
import { listObjects, type ListedPage, type ListRequest } from './listing.ts';
import { uploadFile } from './upload-file.ts';
import type { FileUpload, StreamUpload, UploadResult } from './upload-request.ts';
import { uploadStream } from './upload-stream.ts';

/** S3 as the rest of the program sees it: every call is one guarded operation, and nothing else reaches S3. */
export interface ObjectStore {
  readonly uploadFile: (upload: FileUpload) => Promise<UploadResult>;
  readonly uploadStream: (upload: StreamUpload) => Promise<UploadResult>;
  readonly download: (request: DownloadRequest) => Promise<DownloadResult>;
  readonly look: (request: LookRequest) => Promise<ObjectFacts>;
  readonly list: (request: ListRequest) => AsyncIterable<ListedPage>;
  readonly deleteBatch: (request: BatchDeleteRequest) => Promise<readonly DeleteFailure[]>;
  readonly close: () => void;
}

/**
 * Connects, with credentials found and everything checked that can be checked without S3.
 * @throws BreakwaterError `config`
 */
export async function openObjectStore(settings: S3Settings, clock: Clock, guard: Guard): Promise<ObjectStore> {
  const s3 = await connectS3(settings, clock);
  return {
    uploadFile: async (upload) => await uploadFile(s3, guard, upload),
    uploadStream: async (upload) => await uploadStream(s3, guard, upload),
    download: async (request) => await downloadObject(s3, guard, request),
    look: async (request) => await lookAtObject(s3, guard, request),
    list: (request) => listObjects(s3, guard, request),
    deleteBatch: async (request) => await deleteBatch(s3, guard, request),
    close: () => s3.destroy(),
  };
}
