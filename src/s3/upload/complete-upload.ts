import type { CompleteMultipartUploadCommand, S3Client } from '@aws-sdk/client-s3';
import { readFailedAnswer } from '../../retry/read-failure.ts';
import { assertAnsweredByS3 } from '../protocol/response-fields.ts';
import { composeEtag, unquote } from '../checksum/etag.ts';
import { readEtag } from '../protocol/head-object.ts';
import { sendWrite, type WriteTools } from './create-only.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';

/** What is known of an object that has just been completed. */
export interface CompletedObject {
  readonly etag: string | null;
  readonly versionId: string | null;
}

/**
 * Completes an upload in parts with its retry chain. An error that hides in a 200 is one; an answer that was lost is
 * made good by looking whether the object is there.
 */
export async function completeUpload(
  s3: S3Client,
  tools: WriteTools,
  command: CompleteMultipartUploadCommand,
): Promise<CompletedObject> {
  return await sendWrite(tools, async ({ number, options }) => {
    try {
      const output = await s3.send(command, options);
      // Ceph leaves the ETag of a first answer empty, but always names the object.
      assertAnsweredByS3(output, 'Key');
      const etag = output.ETag === undefined || output.ETag === '' ? composeEtag(partEtagsOf(command)) : output.ETag;
      return { etag, versionId: output.VersionId ?? null };
    } catch (error) {
      const etag = number === 1 ? null : await findCompleted(s3, { error, command, options });
      if (etag === null) throw error;
      return { etag, versionId: null };
    }
  });
}

/**
 * After a Complete whose answer was lost, S3 says `NoSuchUpload` to the next one although the object is there, or,
 * where it was only to be made if there was none, `PreconditionFailed`.
 * @returns the ETag of the object that is there, when it is the one we assembled: same parts, by the ETag that S3
 * derives from theirs
 */
async function findCompleted(
  s3: S3Client,
  { error, command, options }: { error: unknown; command: CompleteMultipartUploadCommand; options: WatchedOptions },
): Promise<string | null> {
  const { code } = readFailedAnswer(error);
  if (code !== 'NoSuchUpload' && code !== 'PreconditionFailed') return null;
  const expected = composeEtag(partEtagsOf(command));
  if (expected === null) return null;
  const { Bucket, Key } = command.input;
  const etag = await readEtag(s3, { Bucket, Key }, options);
  return etag !== null && unquote(etag) === unquote(expected) ? etag : null;
}

function partEtagsOf({ input }: CompleteMultipartUploadCommand): readonly string[] {
  return (input.MultipartUpload?.Parts ?? []).map((part) => part.ETag ?? '');
}
