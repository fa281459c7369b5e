import { createHash } from 'node:crypto';
import { readFailedResponse } from '../../retry/read-failure.ts';
import { assertAnsweredByS3 } from '../protocol/response-fields.ts';
import type { UploadChannel } from './multipart.ts';
import { readEtag } from '../protocol/head-object.ts';
import { sendWrite } from './create-only.ts';
import { checksumOf, readChecksum } from '../checksum/upload-checksum.ts';
import type { UploadResult, UploadTarget } from './upload-request.ts';
import type { WatchedOptions } from '../../http/http-handler.ts';

/**
 * Makes an object of these bytes by one request, with its retry chain. They must stay as they are until it ends.
 * Under `--if-none-match` a response that was lost does not make the object that was just sent a stranger's.
 * @throws RetryChainFailed for what S3 refused or could not do; BreakwaterError `unavailable` as `sendWrite`
 */
export async function putWhole(
  { s3, guard, requests }: UploadChannel,
  upload: UploadTarget,
  bytes: Uint8Array,
): Promise<UploadResult> {
  const { bucket, key, headers, checksum, ifNoneMatch } = upload;
  const input = {
    Bucket: bucket,
    Key: key,
    Body: bytes,
    ...headers,
    ...(await checksumOf(checksum, bytes)),
    ...(ifNoneMatch ? { IfNoneMatch: '*' } : {}),
  };
  const putOnce = async (options: WatchedOptions): Promise<StoredWhole> => {
    const output = await s3.putObject(input, options);
    assertAnsweredByS3(output, 'ETag');
    const { ETag: etag = null, VersionId: versionId = null } = output;
    return { etag, versionId, checksum: readChecksum(checksum, output) === null ? null : checksum };
  };
  const target = { operation: 'put_object', bucket, key } as const;
  const stored = await sendWrite<StoredWhole>({ guard, requests, target }, async ({ number, options }) => {
    try {
      return await putOnce(options);
    } catch (error) {
      if (number === 1 || readFailedResponse(error).code !== 'PreconditionFailed') throw error;
      const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
      if ((await readEtag(s3, input, options)) !== etag) throw error;
      return { etag, versionId: null, checksum: null };
    }
  });
  requests.addBytes(bytes.byteLength);
  guard.emit({ kind: 'bytes_moved', name: `s3://${bucket}/${key}`, bytes: bytes.byteLength });
  return { ...stored, bytes: bytes.byteLength, resumedBytes: 0 };
}

type StoredWhole = Pick<UploadResult, 'etag' | 'versionId' | 'checksum'>;
