import { onAbort } from '../../abort.ts';
import { BreakwaterError, type ErrorCode } from '../../errors.ts';
import type { Guard } from '../../guard/guard.ts';
import { runGuarded } from '../../guard/guarded-operation.ts';
import type { RequestRunner } from '../../guard/request-runner.ts';
import { runPieces } from '../../guard/run-in-parallel.ts';
import { isSamePart } from '../checksum/upload-checksum.ts';
import type { ObjectClient } from '../connection/object-client.ts';
import { refuseExisting, toExistsError } from './create-only.ts';
import { discardStale, discardUpload } from './discard-upload.ts';
import { listStoredParts, type StoredPart } from './list-parts.ts';
import { assertStillOurs, isUploadGone, refusesParts, refusesToListParts, toAbortedError } from './lost-upload.ts';
import {
  assembleParts,
  createUpload,
  sendPart,
  type MultipartUpload,
  type SentPart,
  type UploadChannel,
} from './multipart-requests.ts';
import { putWhole } from './put-object.ts';
import type { FileUpload, UploadResult, UploadResumePoint, UploadSource } from './upload-request.ts';

/** Parts of one object in flight; the slots bound their memory. */
const PARTS_IN_FLIGHT = 16;

/** Errors after which stored parts stay, because the parts are good and a later run can resume. */
const KEEPS_PARTS: ReadonlySet<ErrorCode> = new Set([
  'circuit_open',
  'interrupted',
  'deadline',
  'unavailable',
  'access_denied',
  'local_io',
]);

/**
 * Uploads a file as one guarded operation: in one request if it fits into one part, otherwise in parts read at their
 * offsets, several in flight. Each request can be retried, because its bytes stay in memory until it is done.
 * @throws BreakwaterError `source_changed`, before the object is created, if the file changed since it was opened;
 * `exists`
 */
export async function uploadFile(s3: ObjectClient, guard: Guard, upload: FileUpload): Promise<UploadResult> {
  const send = upload.sizeBytes <= upload.partSizeBytes ? uploadWhole : uploadInParts;
  try {
    return await send(s3, guard, upload);
  } catch (error) {
    throw toExistsError(error, upload);
  }
}

async function uploadWhole(s3: ObjectClient, guard: Guard, upload: FileUpload): Promise<UploadResult> {
  const { bucket, key, sizeBytes, source, queue, signal } = upload;
  const { readWhole = null } = source;
  // Before taking the permit, because a probe must not wait for a slot or the disk.
  using slot = await queue.take(readWhole === null ? sizeBytes : sizeBytes + 1, { signal });
  const bytes = readWhole === null ? await readSlowly(source, slot.buffer()) : readWhole(slot.buffer());
  const target = { operation: 'put_object', bucket, key } as const;
  // One request, which only the command stops.
  return await runGuarded(guard, target, (requests) => putWhole({ s3, guard, requests }, upload, bytes), guard.signal);
}

async function readSlowly(source: UploadSource, bytes: Buffer): Promise<Uint8Array> {
  await source.readAt(bytes, 0);
  source.confirm();
  return bytes;
}

/**
 * Uploads a file in parts, and resumes an earlier upload: a part counts as stored only when its checksum matches the
 * file. After a failure, the parts stay if a later run can resume, and the error says so; otherwise they are removed.
 */
async function uploadInParts(s3: ObjectClient, guard: Guard, file: FileUpload): Promise<UploadResult> {
  const { bucket, key, resume } = file;
  const sending = new PartsSending(s3, guard, file);
  await discardStale(s3, guard, file);
  try {
    // Older objects get their slots first; only then may this one hold a permit.
    (await file.queue.take(0, file))[Symbol.dispose]();
    const result = await runGuarded(guard, { operation: 'put_object', bucket, key }, (requests) =>
      sending.run(requests),
    );
    await resume.forget();
    return result;
  } catch (error) {
    if (!sending.mayBeginAnew(error)) throw await sending.onFailure(error);
    return await uploadInParts(s3, guard, { ...file, resume: leaveBehind(resume, error) });
  }
}

class PartsSending {
  readonly #s3: ObjectClient;
  readonly #guard: Guard;
  readonly #file: FileUpload;
  readonly #parts: SentPart[] = [];
  #upload: MultipartUpload | null = null;
  /** Whether a later process will find the upload. False if the local state cannot be used. */
  #isSaved = false;
  /** Parts stored by an earlier process, by number. */
  #earlier: ReadonlyMap<number, StoredPart> = new Map();
  #resumedBytes = 0;
  #storedBytes = 0;
  #isListing = false;
  #isAssembling = false;

  constructor(s3: ObjectClient, guard: Guard, file: FileUpload) {
    this.#s3 = s3;
    this.#guard = guard;
    this.#file = file;
    const { resumableId } = file.resume;
    if (resumableId === null) return;
    this.#upload = { uploadId: resumableId, checksumType: null };
    this.#isSaved = true;
  }

  async run(requests: RequestRunner): Promise<UploadResult> {
    const { sizeBytes, partSizeBytes, signal, source } = this.#file;
    const channel = { s3: this.#s3, guard: this.#guard, requests };
    using _listening = onAbort(signal, (reason) => requests.stop(reason));
    await refuseExisting(this.#s3, requests, this.#file);
    const upload = (await this.#findEarlier(requests)) ?? (await this.#create(channel));
    const count = Math.ceil(sizeBytes / partSizeBytes);
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    await runPieces(numbers, { inFlight: Math.min(PARTS_IN_FLIGHT, count), requests }, async (number) => {
      this.#parts[number - 1] = await this.#storePart(channel, { uploadId: upload.uploadId, number });
    });
    source.confirm();
    assertStillOurs(this.#file.resume, this.#file);
    this.#isAssembling = true;
    const stored = await assembleParts(channel, this.#file, { ...upload, parts: this.#parts });
    return { ...stored, bytes: sizeBytes, resumedBytes: this.#resumedBytes };
  }

  /**
   * Whether the upload of an earlier process turned out to be useless only when it was resumed: it is gone, S3 does not
   * list its parts, or makes no object of them. Takes its bytes back.
   */
  mayBeginAnew(error: unknown): boolean {
    const { resumableId, isOurs } = this.#file.resume;
    const isResumed = resumableId !== null && this.#upload?.uploadId === resumableId;
    const isRefused = (this.#isListing && refusesToListParts(error)) || (this.#isAssembling && refusesParts(error));
    const isUseless = isUploadGone(error) || isRefused;
    if (!isResumed || !isUseless || !isOurs()) return false;
    this.#countStored(-this.#storedBytes);
    return true;
  }

  /** Keeps or removes the parts after a failure. @returns the error to report */
  async onFailure(error: unknown): Promise<unknown> {
    const { bucket, key, resume, sizeBytes } = this.#file;
    // If another process took the upload over, only that process may complete or abort it.
    if (this.#upload === null || !resume.isOurs()) return error;
    if (isUploadGone(error)) {
      await resume.forget();
      return toAbortedError(error, this.#file);
    }
    if (resume.isResumable && this.#isSaved && keepsParts(error)) {
      const storedBytes = this.#storedBytes;
      return storedBytes === 0 ? error : resumableError(error, { storedBytes, sizeBytes });
    }
    const { uploadId } = this.#upload;
    // If the abort fails, the saved state stays, so that the next run can remove the parts.
    if (await discardUpload(this.#s3, this.#guard, { bucket, key, uploadId })) await resume.forget();
    return error;
  }

  /** Finds the upload of an earlier process and its parts; null if the store no longer has it. */
  async #findEarlier(requests: RequestRunner): Promise<MultipartUpload | null> {
    if (this.#upload === null) return null;
    const { bucket, key, checksum } = this.#file;
    const { uploadId } = this.#upload;
    this.#isListing = true;
    const stored = await listStoredParts(this.#s3, requests, { bucket, key, uploadId, checksum });
    this.#isListing = false;
    this.#upload = stored === null ? null : { uploadId, checksumType: stored.checksumType };
    this.#earlier = stored?.parts ?? new Map();
    return this.#upload;
  }

  async #create(channel: UploadChannel): Promise<MultipartUpload> {
    return await createUpload(channel, this.#file, async (upload) => {
      this.#upload = upload;
      this.#isSaved = await this.#file.resume.save(upload.uploadId);
    });
  }

  async #storePart(channel: UploadChannel, part: { uploadId: string; number: number }): Promise<SentPart> {
    const { sizeBytes, partSizeBytes, source, queue, checksum } = this.#file;
    const offset = (part.number - 1) * partSizeBytes;
    const length = Math.min(partSizeBytes, sizeBytes - offset);
    using slot = await queue.take(length, channel.requests);
    const bytes = slot.buffer();
    await source.readAt(bytes, offset);
    const stored = this.#earlier.get(part.number);
    if (stored !== undefined && stored.sizeBytes === length && (await isSamePart(checksum, { bytes, stored }))) {
      this.#resumedBytes += length;
      this.#countStored(length);
      // `isSamePart` has found it equal.
      return { ...stored, computed: stored.checksum };
    }
    const sent = await sendPart(channel, this.#file, { ...part, bytes });
    this.#countStored(length);
    return sent;
  }

  #countStored(bytes: number): void {
    const { bucket, key } = this.#file;
    this.#storedBytes += bytes;
    this.#guard.emit({ kind: 'bytes_moved', name: `s3://${bucket}/${key}`, bytes });
  }
}

/** Where to begin anew, after this error. What is left of the useless upload is removed first. */
function leaveBehind(resume: UploadResumePoint, error: unknown): UploadResumePoint {
  const { resumableId: uploadId } = resume;
  const isGone = uploadId === null || isUploadGone(error);
  // Its record is replaced by that of the new upload.
  const stale = isGone ? [] : [{ uploadId, forget: async () => await Promise.resolve() }];
  return { ...resume, resumableId: null, stale };
}

/** Whether a later run can resume an upload that failed with this error. */
function keepsParts(error: unknown): error is BreakwaterError {
  return error instanceof BreakwaterError && KEEPS_PARTS.has(error.code);
}

/** The same error, with a hint on how to resume. */
function resumableError(
  error: BreakwaterError,
  { storedBytes, sizeBytes }: { storedBytes: number; sizeBytes: number },
): BreakwaterError {
  const share = Math.floor((storedBytes / sizeBytes) * 100);
  const hint = `${share} % of it is stored: run the same command again to resume`;
  return new BreakwaterError(error.code, error.message, { cause: error, details: { ...error.details, hint } });
}
