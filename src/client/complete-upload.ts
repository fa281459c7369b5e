import { createHash } from 'node:crypto';
import { type CompleteMultipartUploadCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { readFailedAnswer } from '../retry/failed-answer.ts';
import type { WatchedOptions } from './watched-http.ts';

/**
 * After a Complete whose answer was lost, S3 says `NoSuchUpload` to the next one although the object is there.
 * True when the object that is there is the one we assembled: same parts, by the ETag that S3 derives from theirs.
 */
export async function isAlreadyCompleted(
  s3: S3Client,
  { error, command, options }: { error: unknown; command: CompleteMultipartUploadCommand; options: WatchedOptions },
): Promise<string | null> {
  if (readFailedAnswer(error).code !== 'NoSuchUpload') return null;
  const expected = composeEtag(partEtagsOf(command));
  if (expected === null) return null;
  const { Bucket, Key } = command.input;
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }), options);
  return unquote(head.ETag ?? '') === unquote(expected) ? (head.ETag ?? null) : null;
}

export function partEtagsOf({ input }: CompleteMultipartUploadCommand): readonly string[] {
  return (input.MultipartUpload?.Parts ?? []).map((part) => part.ETag ?? '');
}

/** MD5 of the parts' binary MD5s and their number, as S3 composes it, with quotes; null where part ETags are no MD5s. */
export function composeEtag(partEtags: readonly string[]): string | null {
  const digests = partEtags.map(unquote);
  if (digests.length === 0 || !digests.every((digest) => /^[0-9a-f]{32}$/.test(digest))) return null;
  const hash = createHash('md5');
  for (const digest of digests) hash.update(Buffer.from(digest, 'hex'));
  return `"${hash.digest('hex')}-${digests.length}"`;
}

export function unquote(etag: string): string {
  return etag.replaceAll('"', '');
}
