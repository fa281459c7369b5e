import { createHash } from 'node:crypto';
import { readFailedResponse } from '../../retry/read-failure.ts';
import { assertSentByS3 } from '../protocol/response-fields.ts';
import type { UploadChannel } from './multipart-requests.ts';
import type { ChecksumChoice } from '../checksum/algorithms.ts';
import { bareEtag } from '../checksum/etag.ts';
import { headIfAllowed, type ObjectHead } from '../protocol/head-object.ts';
import { assertEncrypted } from './assert-encrypted.ts';
import { createCondition, refuseExisting, sendWrite } from './create-only.ts';
import { checksumOf, readChecksum } from '../checksum/upload-checksum.ts';
import type { UploadResult, UploadTarget } from './upload-request.ts';
import { wrongObjectFault } from './wrong-object.ts';

/**
 * Creates an object from these bytes with one request and its retry chain. The bytes must not change until it ends.
 * If the response to our own PUT is lost, the retry's 412 under `--if-none-match` is not reported as `exists`.
 * @throws RetryChainFailed; BreakwaterError `exists` if `refuseExisting` finds an object, and `unavailable` as in `sendWrite`
 */
export async function putWhole(
  { s3, guard, requests }: UploadChannel,
  upload: UploadTarget,
  bytes: Uint8Array,
): Promise<UploadResult> {
  const { bucket, key, headers, checksum } = upload;
  const sum = checksumOf(checksum, bytes);
  const sent = sum instanceof Promise ? await sum : sum;
  const computed = readChecksum(checksum, sent);
  const input = {
    Bucket: bucket,
    Key: key,
    Body: bytes,
    ...headers,
    ...sent,
    ...createCondition(upload),
  };
  if (upload.ifNoneMatch) await refuseExisting(s3, requests, upload);
  const target = { operation: 'put_object', bucket, key } as const;
  const stored = await sendWrite<StoredWhole>({ guard, requests, target }, async ({ number, options, wrong }) => {
    try {
      const output = await s3.putObject(input, options);
      assertSentByS3(output, 'ETag');
      assertEncrypted(s3, upload, output.SSECustomerAlgorithm);
      const { ETag: etag = null, VersionId: versionId = null } = output;
      const stated = readChecksum(checksum, output);
      if (stated === null) return { etag, versionId, checksum: null };
      if (stated !== computed) throw wrongObjectFault({ algorithm: checksum, stated, computed });
      return { etag, versionId, checksum };
    } catch (error) {
      if (readFailedResponse(error).code !== 'PreconditionFailed') throw error;
      if (wrong !== null) throw wrong;
      // Only after a lost response can the object in the way be ours; otherwise another writer was first, even with
      // the same bytes.
      const mayBeOurs = number > 1 || options.watch.wasSentAgain;
      if (!mayBeOurs) throw error;
      const head = await headIfAllowed(s3, { bucket, key, wantsChecksum: checksum !== 'none' }, options);
      if (head === null || !hasBytes(head, { bytes, computed, checksum })) throw error;
      return { etag: head.ETag ?? null, versionId: null, checksum: null };
    }
  });
  requests.addBytes(bytes.byteLength);
  guard.emit({ kind: 'bytes_moved', name: `s3://${bucket}/${key}`, bytes: bytes.byteLength });
  return { ...stored, bytes: bytes.byteLength, resumedBytes: 0 };
}

/** Whether an object has these bytes, by the MD5 in its ETag or, if its key makes the ETag none, by its checksum. */
function hasBytes(
  head: ObjectHead,
  {
    bytes,
    computed,
    checksum,
  }: { readonly bytes: Uint8Array; readonly computed: string | null; readonly checksum: ChecksumChoice },
): boolean {
  if (bareEtag(head.ETag ?? '') === createHash('md5').update(bytes).digest('hex')) return true;
  const isKeyed = head.SSECustomerAlgorithm !== undefined || head.ServerSideEncryption?.startsWith('aws:kms') === true;
  const isEqual = computed !== null && readChecksum(checksum, head) === computed;
  return isKeyed && isEqual && head.ContentLength === bytes.byteLength;
}

type StoredWhole = Pick<UploadResult, 'etag' | 'versionId' | 'checksum'>;
