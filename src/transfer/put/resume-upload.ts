import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { UnfinishedWork, WorkClaim } from '../../unfinished-work.ts';
import { NOTHING_TO_RESUME, type UploadResumePoint } from '../../s3/upload/upload-request.ts';
import type { FileIdentity } from './source-file.ts';
import type { S3Location } from '../transfer-context.ts';

/** From this size on, in bytes, the stored parts stay if the upload fails. */
export const RESUME_BYTES_MIN = 64 * 1024 * 1024;

export interface ResumableUploadsOptions {
  readonly unfinished: UnfinishedWork;
  /** Full name of the circuit: it identifies the store. */
  readonly circuit: string;
  /** False under `--no-resume`: nothing is resumed, and no parts stay. */
  readonly isResuming: boolean;
}

export interface UploadIdentity {
  readonly location: S3Location;
  /** A path, or `-`. */
  readonly source: string;
  /** Null for a stream, which cannot be resumed. */
  readonly identity: FileIdentity | null;
  /** Everything else that the stored parts depend on, as JSON can hold it. */
  readonly options: unknown;
}

/** The saved state of one upload, claimed by this process until it is disposed of. */
export type OpenResumePoint = UploadResumePoint & AsyncDisposable;

/** The saved state of all uploads in parts, shared by all processes of the program. */
export class ResumableUploads {
  readonly #options: ResumableUploadsOptions;

  constructor(options: ResumableUploadsOptions) {
    this.#options = options;
  }

  /**
   * The saved state of an upload from this source to this destination. Empty while another process holds the claim:
   * this process then sends for itself, and removes its own parts after a failure.
   */
  async open(entry: UploadIdentity): Promise<OpenResumePoint> {
    const { unfinished, isResuming } = this.#options;
    const id = this.#idOf(entry);
    const claim = await unfinished.claim(id);
    if (claim === null) return createResumePoint({ isResumable: false, claim });
    const sameness = digest([entry.identity, entry.options]);
    const found = parseDocument(await unfinished.read(id));
    const isSame = found !== null && entry.identity !== null && found.sameness === sameness && isResuming;
    const { bucket, key } = entry.location;
    return createResumePoint({
      resumableId: isSame ? found.uploadId : null,
      staleId: isSame ? null : (found?.uploadId ?? null),
      isResumable: isResuming && (entry.identity?.sizeBytes ?? 0) >= RESUME_BYTES_MIN,
      save: async (uploadId) => await unfinished.save(id, { bucket, key, upload_id: uploadId, sameness }),
      forget: async () => await unfinished.remove(id),
      claim,
    });
  }

  #idOf({ location: { bucket, key }, source }: UploadIdentity): string {
    return digest([this.#options.circuit, bucket, key, source === '-' ? source : resolve(source)]);
  }
}

interface ResumePointParts extends Partial<UploadResumePoint> {
  readonly isResumable: boolean;
  readonly claim: WorkClaim | null;
}

function createResumePoint({ claim, ...known }: ResumePointParts): OpenResumePoint {
  return {
    ...NOTHING_TO_RESUME,
    ...known,
    [Symbol.asyncDispose]: async () => await claim?.[Symbol.asyncDispose](),
  };
}

/** What was saved; null if it is not a document of ours. */
function parseDocument(document: unknown): { uploadId: string; sameness: string } | null {
  if (typeof document !== 'object' || document === null) return null;
  if (!('upload_id' in document) || !('sameness' in document)) return null;
  const { upload_id: uploadId, sameness } = document;
  return typeof uploadId === 'string' && typeof sameness === 'string' ? { uploadId, sameness } : null;
}

/** A short digest of a value that JSON can hold; equal values have equal digests. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
