import * as buckets from './bucket-operations.ts';
import { completeUpload } from './complete-operation.ts';
import { copyObject } from './copy-operation.ts';
import * as deletes from './delete-operations.ts';
import * as lists from './list-operations.ts';
import * as objects from './object-operations.ts';
import * as uploadLists from './upload-listing.ts';
import * as uploads from './upload-operations.ts';
import * as versions from './version-operations.ts';
import type { Operate } from './operate.ts';
import type { SandboxOperation } from '../protocol/wire.ts';

export const OPERATE: Readonly<Record<SandboxOperation, Operate>> = {
  ListBuckets: buckets.listBuckets,
  CreateBucket: buckets.createBucket,
  HeadBucket: buckets.headBucket,
  DeleteBucket: buckets.deleteBucket,
  GetBucketLocation: buckets.getBucketLocation,
  GetBucketVersioning: versions.getBucketVersioning,
  PutBucketVersioning: versions.putBucketVersioning,
  ListObjects: lists.listObjects,
  ListObjectsV2: lists.listObjectsV2,
  ListObjectVersions: versions.listObjectVersions,
  ListMultipartUploads: uploadLists.listMultipartUploads,
  DeleteObjects: deletes.deleteObjects,
  PutObject: objects.putObject,
  CopyObject: copyObject,
  GetObject: objects.getObject,
  HeadObject: objects.getObject,
  DeleteObject: objects.deleteObject,
  CreateMultipartUpload: uploads.createUpload,
  UploadPart: uploads.uploadPart,
  CompleteMultipartUpload: completeUpload,
  AbortMultipartUpload: uploads.abortUpload,
  ListParts: uploadLists.listParts,
};
