import { BreakwaterError } from '../../errors.ts';
import { KEY_BYTES_MAX } from '../../s3/protocol/limits.ts';
import type { S3Location } from '../../transfer/transfer-context.ts';
import { quoteGiven } from '../../mask-credentials.ts';
import type { CommandRun } from '../command-run.ts';
import { findBucketProblem, splitBucket, type BucketProblem } from './bucket-name.ts';

const SCHEME = 's3://';

/**
 * Parses `s3://bucket/key`. The key stays raw: no URL decoding, and `//` or a leading slash is part of the name. The
 * key is empty for `s3://bucket` and `s3://bucket/`.
 * @param run its `aws` says whether the bucket is S3's or another store's
 * @throws BreakwaterError `usage`; `config` for an access point at an endpoint without names
 */
export function parseS3Url(text: string, { aws }: Pick<CommandRun, 'aws'>): S3Location {
  if (!isS3Url(text)) throw refuse(text, { why: 'is not an S3 URL', hint: 'use s3://bucket/key' });
  const location = splitBucket(text.slice(SCHEME.length));
  const problem = findBucketProblem(location.bucket, aws);
  if (problem !== null) throw refuse(text, problem);
  if (Buffer.byteLength(location.key) <= KEY_BYTES_MAX) return location;
  throw refuse(text, { why: `has a key of more than ${KEY_BYTES_MAX} bytes`, hint: 'use s3://bucket/key' });
}

/** Whether an argument is meant as an S3 URL, valid or not. */
export function isS3Url(text: string): boolean {
  return text.startsWith(SCHEME);
}

/** An empty argument is most often a variable that is not set, and must not mean the working directory. */
export function emptyPathError(what: string): BreakwaterError {
  return new BreakwaterError('usage', `${what} is empty`, { details: { hint: 'is a variable in it not set?' } });
}

function refuse(text: string, { why, hint, code = 'usage' }: BucketProblem): BreakwaterError {
  return new BreakwaterError(code, `${quoteGiven(text)} ${why}`, { details: { hint } });
}
