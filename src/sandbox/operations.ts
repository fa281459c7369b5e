import * as buckets from './bucket-operations.ts';
import * as deletes from './delete-operations.ts';
import * as lists from './list-operations.ts';
import * as objects from './object-operations.ts';
import * as uploads from './upload-operations.ts';
import type { Operate } from './operate.ts';
import type { SandboxOperation } from './wire.ts';

/** How each operation is carried out. */
export const OPERATE: Readonly<Record<SandboxOperation, Operate>> = {
  ListBuckets: buckets.listBuckets,
  CreateBucket: buckets.createBucket,
  HeadBucket: buckets.headBucket,
  DeleteBucket: buckets.deleteBucket,
  GetBucketLocation: buckets.getBucketLocation,
  ListObjects: lists.listObjects,
  ListObjectsV2: lists.listObjectsV2,
  ListMultipartUploads: uploads.listMultipartUploads,
  DeleteObjects: deletes.deleteObjects,
  PutObject: objects.putObject,
  CopyObject: objects.copyObject,
  GetObject: objects.getObject,
  HeadObject: objects.getObject,
  DeleteObject: objects.deleteObject,
  CreateMultipartUpload: uploads.createUpload,
  UploadPart: uploads.uploadPart,
  CompleteMultipartUpload: uploads.completeUpload,
  AbortMultipartUpload: uploads.abortUpload,
  ListParts: uploads.listParts,
};
