import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { BreakwaterError } from '../../errors.ts';
import { RetryChainFailed } from '../../retry/retry-chain.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';

/** What a HEAD of an object comes to that says nothing against making it: none there, or no leave to look. */
const NOTHING_KNOWN: ReadonlySet<number> = new Set([403, 404]);

/**
 * `--if-none-match` before an upload in parts: nobody wants to learn after fifty gigabytes that the key was taken, and some
 * stores (Ceph 16) do not heed the condition when the upload is completed. Where S3 does, it has the last word.
 * @throws BreakwaterError `exists`
 */
export async function refuseExisting(
  s3: S3Client,
  requests: RequestRunner,
  { bucket, key, ifNoneMatch }: { bucket: string; key: string; ifNoneMatch: boolean },
): Promise<void> {
  if (!ifNoneMatch) return;
  try {
    await requests.send({ isDataBearing: false }, async ({ options }) => {
      await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), options);
    });
  } catch (error) {
    if (error instanceof RetryChainFailed && NOTHING_KNOWN.has(error.failure.httpStatus ?? 0)) return;
    throw error;
  }
  throw new BreakwaterError('exists', `s3://${bucket}/${key} exists already`, {
    details: { hint: 'leave out --if-none-match to replace it' },
  });
}
