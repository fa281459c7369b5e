import type { ChecksumType } from '@aws-sdk/client-s3';
import { BreakwaterError, type ErrorCode } from '../../errors.ts';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import { runPieces } from '../../guard/run-in-parallel.ts';
import { isSamePart } from '../checksum/upload-checksum.ts';
import type { ObjectClient } from '../connection/object-client.ts';
import { describeExisting, refuseExisting } from './create-only.ts';
import { abortUpload } from './discard-upload.ts';
import { listStoredParts, type StoredPart, type StoredParts } from './list-parts.ts';
import { assembleParts, beginUpload, sendPart, type UploadChannel } from './multipart.ts';
import { putWhole } from './put-object.ts';
import type { FileUpload, UploadResult } from './upload-request.ts';

/** Parts of one object in flight; the slots bound what they hold in memory. */
const PARTS_IN_FLIGHT = 16;

/** Errors after which stored parts stay: they say nothing against the parts, and a later run can resume. */
const KEEPS_PARTS: ReadonlySet<ErrorCode> = new Set([
  'circuit_open',
  'interrupted',
  'deadline',
  'unavailable',
  'access_denied',
  'local_io',
]);

/**
 * Uploads a file as one guarded operation: in one request if it fits into one part, otherwise in parts that are read at
 * their offsets, several in flight. Each request can be retried, for its bytes stay in memory until it is done.
 * @throws BreakwaterError `source_changed`, before the object is made, if the file changed since it was opened
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
  const { bucket, key, sizeBytes, source, queue: lane, signal } = upload;
  // Before the permit is taken: a probe must not wait for one of our slots, nor for the disk.
  using slot = await lane.take(sizeBytes, signal);
  const bytes = slot.buffer();
  await source.readAt(bytes, 0);
  source.confirm();
  const target = { operation: 'put_object', bucket, key } as const;
  return await runGuarded(guard, target, async (requests) => await putWhole({ s3, guard, requests }, upload, bytes));
}

/**
 * Uploads a file in parts, and resumes what an earlier process has stored: a part counts as stored only when its checksum
 * matches the file. After a failure, parts that a later run can resume stay, and the error says so; others are removed.
 */
async function uploadInParts(s3: ObjectClient, guard: Guard, file: FileUpload): Promise<UploadResult> {
  const { bucket, key, memory } = file;
  const upload = new PartsUpload(s3, guard, file);
  if (memory.staleId !== null) await abortUpload(s3, guard, { bucket, key, uploadId: memory.staleId });
  try {
    // Older objects get their slots first; only then may this one hold a permit.
    (await file.queue.take(0, file.signal))[Symbol.dispose]();
    const target = { operation: 'put_object', bucket, key } as const;
    const result = await runGuarded(guard, target, async (requests) => await upload.run(requests));
    await memory.forget();
    return result;
  } catch (error) {
    throw await upload.leave(error);
  }
}

class PartsUpload {
  readonly #s3: ObjectClient;
  readonly #guard: Guard;
  readonly #file: FileUpload;
  readonly #parts: StoredPart[] = [];
  #uploadId: string | null;
  #stored: StoredParts | null = null;
  /** The type of checksum that the store says it will keep for the object. */
  #toldType: ChecksumType | null = null;
  #resumedBytes = 0;
  #storedBytes = 0;

  constructor(s3: ObjectClient, guard: Guard, file: FileUpload) {
    this.#s3 = s3;
    this.#guard = guard;
    this.#file = file;
    this.#uploadId = file.memory.resumableId;
  }

  async run(requests: RequestRunner): Promise<UploadResult> {
    const { sizeBytes, partSizeBytes, signal, source } = this.#file;
    const stop = (): void => requests.stop(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      await refuseExisting(this.#s3, requests, this.#file);
      const uploadId = (await this.#goOn(requests)) ?? (await this.#begin(requests));
      const count = Math.ceil(sizeBytes / partSizeBytes);
      const numbers = Array.from({ length: count }, (_, index) => index + 1);
      await runPieces(numbers, { inFlight: Math.min(PARTS_IN_FLIGHT, count), requests }, async (number) => {
        this.#parts[number - 1] = await this.#storePart({ uploadId, number }, requests);
      });
      source.confirm();
      return await this.#complete(uploadId, requests);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Keeps or removes the parts after a failure. @returns the error to report */
  async leave(error: unknown): Promise<unknown> {
    const { bucket, key, memory, sizeBytes } = this.#file;
    if (this.#uploadId === null) return error;
    if (memory.isResumable && keepsParts(error)) {
      const storedBytes = this.#storedBytes;
      return storedBytes === 0 ? error : describeResumable(error, { storedBytes, sizeBytes });
    }
    // If the abort fails, the saved state stays, so that the next run can remove the parts.
    if (await abortUpload(this.#s3, this.#guard, { bucket, key, uploadId: this.#uploadId })) await memory.forget();
    return error;
  }

  /** Finds the upload of an earlier process and its parts; null where the store no longer has it. */
  async #goOn(requests: RequestRunner): Promise<string | null> {
    if (this.#uploadId === null) return null;
    const { bucket, key, checksum } = this.#file;
    const uploadId = this.#uploadId;
    this.#stored = await listStoredParts(this.#s3, requests, { bucket, key, uploadId, checksum });
    if (this.#stored === null) this.#uploadId = null;
    this.#toldType = this.#stored?.checksumType ?? null;
    return this.#uploadId;
  }

  async #begin(requests: RequestRunner): Promise<string> {
    const { uploadId, toldType } = await beginUpload(this.#channel(requests), this.#file);
    this.#uploadId = uploadId;
    this.#toldType = toldType;
    await this.#file.memory.save(uploadId);
    return uploadId;
  }

  async #storePart(part: { uploadId: string; number: number }, requests: RequestRunner): Promise<StoredPart> {
    const { sizeBytes, partSizeBytes, source, queue: lane, checksum } = this.#file;
    const { uploadId, number } = part;
    const offset = (number - 1) * partSizeBytes;
    const length = Math.min(partSizeBytes, sizeBytes - offset);
    using slot = await lane.take(length, requests.signal);
    const bytes = slot.buffer();
    await source.readAt(bytes, offset);
    const stored = this.#stored?.parts.get(number);
    if (stored !== undefined && stored.sizeBytes === length && (await isSamePart(checksum, { bytes, stored }))) {
      this.#resumedBytes += length;
      this.#countStored(length);
      return stored;
    }
    const sent = await sendPart(this.#channel(requests), this.#file, { uploadId, number, bytes });
    this.#countStored(length);
    return sent;
  }

  #channel(requests: RequestRunner): UploadChannel {
    return { s3: this.#s3, guard: this.#guard, requests };
  }

  #countStored(bytes: number): void {
    const { bucket, key } = this.#file;
    this.#storedBytes += bytes;
    this.#guard.emit({ kind: 'bytes_moved', name: `s3://${bucket}/${key}`, bytes });
  }

  async #complete(uploadId: string, requests: RequestRunner): Promise<UploadResult> {
    const [parts, toldType] = [this.#parts, this.#toldType];
    const stored = await assembleParts(this.#channel(requests), this.#file, { uploadId, toldType, parts });
    return { ...stored, bytes: this.#file.sizeBytes, resumedBytes: this.#resumedBytes };
  }
}

/** Whether a later run can resume an upload that failed with this error. */
function keepsParts(error: unknown): error is BreakwaterError {
  // S3 has deleted the parts of an upload that it no longer knows.
  return error instanceof BreakwaterError && KEEPS_PARTS.has(error.code) && error.details.s3Code !== 'NoSuchUpload';
}

/** The same error, with the hint how to resume. */
function describeResumable(
  error: BreakwaterError,
  { storedBytes, sizeBytes }: { storedBytes: number; sizeBytes: number },
): BreakwaterError {
  const share = Math.floor((storedBytes / sizeBytes) * 100);
  const hint = `${share} % of it is stored: run the same command again to go on from there`;
  return new BreakwaterError(error.code, error.message, { cause: error, details: { ...error.details, hint } });
}
