import { createHash } from 'node:crypto';
import { readFailedAnswer } from '../retry/failed-answer.ts';
import type { Guard } from './guard.ts';
import { runGuarded } from './guarded-operation.ts';
import type { ObjectClient } from './object-client.ts';
import type { Attempt } from './request-runner.ts';
import { describeWhole, putWhole, type WholeInput } from './put-whole.ts';
import { readEtag } from './read-etag.ts';
import { sendWrite } from './send-write.ts';
import { describeExisting } from './upload-failure.ts';
import { uploadInParts } from './upload-parts.ts';
import type { FileUpload, UploadResult } from './upload-request.ts';

/**
 * Uploads a file as one guarded operation: in one request where it fits into one part, otherwise in parts that are
 * read at their offsets, several in flight. Each request can be tried again, for its bytes stay until it is done.
 * @throws BreakwaterError `source_changed` before an object is made, should the file not be what it was
 */
export async function uploadFile(s3: ObjectClient, guard: Guard, upload: FileUpload): Promise<UploadResult> {
  try {
    const isSmall = upload.sizeBytes <= upload.partSizeBytes;
    return isSmall ? await uploadWhole(s3, guard, upload) : await uploadInParts(s3, guard, upload);
  } catch (error) {
    throw describeExisting(error, upload);
  }
}

async function uploadWhole(s3: ObjectClient, guard: Guard, upload: FileUpload): Promise<UploadResult> {
  const { bucket, key, circuit, checksum, sizeBytes, source, lane, signal } = upload;
  // Before a permit is asked for: a probe's slot must not wait for a slot of ours, nor for the disk.
  using slot = await lane.take(sizeBytes, signal);
  const bytes = slot.buffer();
  await source.readAt(bytes, 0);
  source.confirm();
  const input = await describeWhole(upload, bytes);
  const target = { operation: 'put_object', bucket, key } as const;
  return await runGuarded(guard, { ...target, circuit }, async (requests) => {
    const stored = await sendWrite({ guard, requests, target }, async ({ number, options }) => {
      try {
        return await putWhole(s3, { input, checksum }, options);
      } catch (error) {
        if (number === 1 || !(await isOurs(s3, { error, input }, options))) throw error;
        return { etag: md5Etag(bytes), versionId: null, checksum: null };
      }
    });
    requests.addBytes(sizeBytes);
    guard.emit({ kind: 'bytes_moved', name: `s3://${bucket}/${key}`, bytes: sizeBytes });
    return { ...stored, bytes: sizeBytes, resumedBytes: 0 };
  });
}

/** `--if-none-match` after an answer that was lost: the object that stands in the way may be the one just sent. */
async function isOurs(
  s3: ObjectClient,
  { error, input }: { error: unknown; input: WholeInput },
  options: Attempt['options'],
): Promise<boolean> {
  if (readFailedAnswer(error).code !== 'PreconditionFailed') return false;
  return (await readEtag(s3, input, options)) === md5Etag(input.Body);
}

function md5Etag(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`;
}
