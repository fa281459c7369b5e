import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import type { ObjectClient } from '../connection/direct-client.ts';
import { putWhole } from './put-object.ts';
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
  const { bucket, key, circuit, sizeBytes, source, lane, signal } = upload;
  // Before a permit is asked for: a probe's slot must not wait for a slot of ours, nor for the disk.
  using slot = await lane.take(sizeBytes, signal);
  const bytes = slot.buffer();
  await source.readAt(bytes, 0);
  source.confirm();
  const target = { operation: 'put_object', bucket, key, circuit } as const;
  return await runGuarded(guard, target, async (requests) => await putWhole({ s3, guard, requests }, upload, bytes));
}
