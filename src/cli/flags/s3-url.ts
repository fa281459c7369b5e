import { BreakwaterError } from '../../errors.ts';
import { KEY_BYTES_MAX } from '../../s3/protocol/limits.ts';
import type { S3Location } from '../../transfer/transfer-context.ts';
import { escapeControls } from '../../ui/escape.ts';

/**
 * Parses `s3://bucket/key`. The key stays raw: no URL decoding, and `//` or a leading slash is part of the name. The
 * key is empty for `s3://bucket` and `s3://bucket/`.
 * @throws BreakwaterError `usage`
 */
export function parseS3Url(text: string): S3Location {
  const match = /^s3:\/\/([^/]*)(?:\/([\s\S]*))?$/.exec(text);
  if (match === null) throw refuse(text, 'is not an S3 URL');
  const [, bucket = '', key = ''] = match;
  if (!isBucketName(bucket)) throw refuse(text, 'does not name a valid bucket');
  if (Buffer.byteLength(key) > KEY_BYTES_MAX) throw refuse(text, `has a key of more than ${KEY_BYTES_MAX} bytes`);
  return { bucket, key };
}

/** Whether an argument is meant as an S3 URL, valid or not. */
export function isS3Url(text: string): boolean {
  return text.startsWith('s3://');
}

/** The rules for general purpose buckets (S3 User Guide, "Bucket naming rules"). */
function isBucketName(name: string): boolean {
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..') && !/^\d+\.\d+\.\d+\.\d+$/.test(name);
}

function refuse(text: string, why: string): BreakwaterError {
  return new BreakwaterError('usage', `"${escapeControls(shorten(text))}" ${why}`, {
    details: { hint: 'use s3://bucket/key; a bucket name has 3 to 63 characters: a-z, 0-9, dot and hyphen' },
  });
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
