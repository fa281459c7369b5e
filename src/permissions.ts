import type { OperationName } from './operations.ts';

/** The permissions of the AWS IAM that an operation needs (Service Authorization Reference, "Amazon S3"). */
const ACTIONS: Readonly<Record<OperationName, readonly string[]>> = {
  put_object: ['s3:PutObject', 's3:AbortMultipartUpload'],
  get_object: ['s3:GetObject'],
  head_object: ['s3:GetObject'],
  list_objects: ['s3:ListBucket'],
  delete_objects: ['s3:DeleteObject', 's3:GetObject'],
  list_uploads: ['s3:ListBucketMultipartUploads'],
  abort_upload: ['s3:AbortMultipartUpload'],
};

/** Those that are granted on the bucket, not on its objects. */
const ON_BUCKET: ReadonlySet<OperationName> = new Set(['list_objects', 'list_uploads']);

export interface DeniedTarget {
  readonly operation: OperationName;
  readonly bucket: string;
  /** The object that was denied, or null for all below the prefix. */
  readonly key: string | null;
  /** @default empty: the whole bucket */
  readonly prefix?: string;
}

/** What to ask the administrator of a bucket for: `ask its administrator for s3:GetObject on arn:aws:s3:::bucket/logs/*`. */
export function askForPermission(target: DeniedTarget): string {
  return `ask its administrator for ${ACTIONS[target.operation].join(' and ')} on ${nameResource(target)}`;
}

/** In the form of a policy's `Resource`; a bucket may be the ARN of an access point. */
function nameResource({ operation, bucket, key, prefix = '' }: DeniedTarget): string {
  const isAccessPoint = bucket.startsWith('arn:');
  const place = isAccessPoint ? bucket : `arn:aws:s3:::${bucket}`;
  if (ON_BUCKET.has(operation)) return place;
  return `${place}/${isAccessPoint ? 'object/' : ''}${key ?? `${prefix}*`}`;
}

/** Whether the store denied for want of a permission, not because it does not know the credentials. */
export function lacksPermission(failure: string | undefined): boolean {
  return failure === undefined || failure === 'AccessDenied' || failure === 'http_403';
}
