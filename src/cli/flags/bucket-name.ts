import type { AwsContext } from '../settings/aws-config.ts';

/** Why a name is not one of a bucket, and what to write instead. */
export interface BucketProblem {
  readonly why: string;
  readonly hint: string;
  /** `config` if the name is right, but not for the endpoint. @default 'usage' */
  readonly code?: 'usage' | 'config';
}

/** The rules for general purpose buckets (S3 User Guide, "Bucket naming rules"). */
const AWS_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;

/**
 * What other stores accept, and S3 long ago: capitals, underscores, `tenant:bucket` (Ceph), letters of any script. Without
 * invisible characters, because names are printed.
 */
const OTHER_NAME = /^[^/\p{C}]{1,255}$/u;

/** An access point, by region and account; also of Object Lambda and on Outposts (S3 User Guide, "Access points"). */
const ACCESS_POINT =
  /^arn:aws[a-z-]*:(?:s3|s3-object-lambda|s3-outposts):([a-z0-9-]*):\d{12}:(?:outpost[:/][a-z0-9-]+[:/])?accesspoint[:/]([A-Za-z0-9.-]+)$/;

/** The part of `s3://` URL that names the bucket. An ARN may have slashes of its own. */
const BUCKET_PART = /^(arn:[^/]*:(?:outpost[:/][^:/]*[:/])?accesspoint[:/][^:/]*|[^/]*)(?:\/([\s\S]*))?$/;

/** Splits what follows `s3://`. The key is raw, and empty if there is none. */
export function splitBucket(text: string): { readonly bucket: string; readonly key: string } {
  const [, bucket = '', key = ''] = BUCKET_PART.exec(text) ?? [];
  return { bucket, key };
}

/**
 * Checks the name of a bucket by the rules of the store that it is for.
 * @param aws called only for an ARN, and for a name that S3 refuses
 */
export function findBucketProblem(name: string, aws: () => Pick<AwsContext, 'endpointUrl'>): BucketProblem | null {
  if (name.startsWith('arn:')) return findArnProblem(name) ?? findHostProblem(aws());
  if (AWS_NAME.test(name) && !name.includes('..') && !ADDRESS.test(name)) return null;
  const isElsewhere = OTHER_NAME.test(name) && name !== '.' && name !== '..';
  if (isElsewhere && aws().endpointUrl !== null) return null;
  const others = isElsewhere ? '; other names need the --endpoint-url of a store that has them' : '';
  return {
    why: 'does not name a valid bucket',
    hint: `use s3://bucket/key; a bucket name has 3 to 63 characters: a-z, 0-9, dot and hyphen${others}`,
  };
}

function findArnProblem(arn: string): BucketProblem | null {
  const [, region, name] = ACCESS_POINT.exec(arn) ?? [];
  if (region === undefined) {
    return {
      why: 'is not the ARN of an access point',
      hint: 'use s3://bucket/key, or s3://arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/key',
    };
  }
  if (region !== '') return null;
  return {
    why: name?.endsWith('.mrap') === true ? 'is a multi-region access point' : 'is an ARN without a region',
    hint: 'use the bucket, or an access point of one region: a multi-region one needs another kind of signature',
  };
}

/** An access point is at a name below the host, and an address has no names below it. */
function findHostProblem({ endpointUrl }: Pick<AwsContext, 'endpointUrl'>): BucketProblem | null {
  const host = endpointUrl === null ? '' : new URL(endpointUrl).hostname;
  if (!ADDRESS.test(host) && !host.startsWith('[')) return null;
  return {
    code: 'config',
    why: 'is an access point, which has a host name of its own, but the endpoint is an IP address',
    hint: 'use no endpoint URL for AWS, or one with a host name',
  };
}
