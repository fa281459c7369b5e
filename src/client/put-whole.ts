import type { ChecksumChoice } from '../checksum-choice.ts';
import { assertAnsweredByS3 } from './answered-by-s3.ts';
import type { ObjectClient } from './object-client.ts';
import { checksumOf, readChecksum } from './upload-checksum.ts';
import type { UploadHeaders, UploadResult, UploadTarget } from './upload-request.ts';
import type { WatchedOptions } from './watched-http.ts';

/** The request that makes an object of these bytes. */
export interface WholeInput extends UploadHeaders {
  readonly Bucket: string;
  readonly Key: string;
  readonly Body: Uint8Array;
}

/** The bytes must stay as they are until it has been sent for the last time. */
export async function describeWhole(
  { bucket, key, headers, checksum, ifNoneMatch }: UploadTarget,
  bytes: Uint8Array,
): Promise<WholeInput> {
  return {
    Bucket: bucket,
    Key: key,
    Body: bytes,
    ...headers,
    ...(await checksumOf(checksum, bytes)),
    ...(ifNoneMatch ? { IfNoneMatch: '*' } : {}),
  };
}

/** Sends it once. @throws what the SDK throws; TransferFault `not_s3` */
export async function putWhole(
  s3: ObjectClient,
  { input, checksum }: { readonly input: WholeInput; readonly checksum: ChecksumChoice },
  options: WatchedOptions,
): Promise<Pick<UploadResult, 'etag' | 'versionId' | 'checksum'>> {
  const output = await s3.putObject(input, options);
  assertAnsweredByS3(output, 'ETag');
  const { ETag: etag = null, VersionId: versionId = null } = output;
  return { etag, versionId, checksum: readChecksum(checksum, output) === null ? null : checksum };
}
