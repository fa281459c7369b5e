import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { readFailedResponse } from '../../retry/read-failure.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';

/** The ETag of an object by a HEAD within the attempt of another request; null where there is no object. */
export async function readEtag(
  s3: S3Client,
  { Bucket, Key }: { readonly Bucket: string | undefined; readonly Key: string | undefined },
  options: WatchedOptions,
): Promise<string | null> {
  try {
    return (await s3.send(new HeadObjectCommand({ Bucket, Key }), options)).ETag ?? null;
  } catch (error) {
    if (readFailedResponse(error).httpStatus === 404) return null;
    throw error;
  }
}
