import type { ChecksumType } from '@aws-sdk/client-s3';
import { abortUpload } from './discard-upload.ts';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import { listStoredParts, type StoredPart, type StoredParts } from './list-parts.ts';
import { assembleParts, beginUpload, sendPart, type UploadChannel } from './multipart.ts';
import type { ObjectClient } from '../connection/direct-client.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import { runPieces } from '../../guard/run-in-parallel.ts';
import { isSamePart } from '../checksum/upload-checksum.ts';
import { describeResumable, leavesParts } from './upload-failure.ts';
import { refuseExisting } from './refuse-existing.ts';
import type { FileUpload, UploadResult } from './upload-request.ts';

/** Parts of one object at a time; the slots bound what they hold in memory. */
const PARTS_IN_FLIGHT = 16;

/**
 * Uploads a file in parts, going on with those that an earlier process has stored. A part counts as stored only when
 * its bytes are those of the file by what the store tells of it.
 *
 * When it ends before its end, parts that are worth going on with stay, and the error says so; others are removed.
 */
export async function uploadInParts(s3: ObjectClient, guard: Guard, file: FileUpload): Promise<UploadResult> {
  const { bucket, key, circuit, memory } = file;
  const upload = new PartsUpload(s3, guard, file);
  if (memory.staleId !== null) await abortUpload(s3, guard, { bucket, key, uploadId: memory.staleId });
  try {
    // A new object begins with what older ones leave over; only then may it hold a permit.
    (await file.lane.take(0, file.signal))[Symbol.dispose]();
    const target = { operation: 'put_object', bucket, key, circuit } as const;
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
  /** The checksum of the whole that the store says it will keep. */
  #toldType: ChecksumType | null = null;
  #resumedBytes = 0;
  #storedBytes = 0;

  constructor(s3: ObjectClient, guard: Guard, file: FileUpload) {
    this.#s3 = s3;
    this.#guard = guard;
    this.#file = file;
    this.#uploadId = file.memory.begunId;
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

  /** After a failure: keeps the parts, or removes them. @returns the error to report */
  async leave(error: unknown): Promise<unknown> {
    const { bucket, key, memory, sizeBytes } = this.#file;
    if (this.#uploadId === null) return error;
    if (memory.isResumable && leavesParts(error)) {
      const storedBytes = this.#storedBytes;
      return storedBytes === 0 ? error : describeResumable(error, { storedBytes, sizeBytes });
    }
    // What could not be removed stays remembered, for the next run to remove.
    if (await abortUpload(this.#s3, this.#guard, { bucket, key, uploadId: this.#uploadId })) await memory.forget();
    return error;
  }

  /** The upload of an earlier process with its parts; null where there is none any more. */
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
    const { sizeBytes, partSizeBytes, source, lane, checksum } = this.#file;
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
