import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { UnfinishedWork, WorkClaim } from '../../unfinished-work.ts';
import { NOTHING_TO_RESUME, type UploadResumePoint } from '../../s3/upload/upload-request.ts';
import type { FileIdentity } from './source-file.ts';
import type { S3Location } from '../transfer-context.ts';

/** From this size on, in bytes, what is stored of an upload stays when it ends before its end. */
export const RESUME_BYTES_MIN = 64 * 1024 * 1024;

export interface ResumableUploadsOptions {
  readonly unfinished: UnfinishedWork;
  /** Full name of the circuit: it tells one store from another. */
  readonly circuit: string;
  /** `--no-resume`: nothing is gone on with, and nothing stays. */
  readonly isResuming: boolean;
}

export interface UploadIdentity {
  readonly location: S3Location;
  /** A path, or `-`. */
  readonly source: string;
  /** Null for a stream: nothing can be gone on with. */
  readonly identity: FileIdentity | null;
  /** Everything else that the stored parts depend on, in a form that compares. */
  readonly options: unknown;
}

/** The memory of one upload, this process's own until it is disposed of. */
export type OpenResumePoint = UploadResumePoint & AsyncDisposable;

/** What this program remembers of uploads in parts, over all its processes. */
export class ResumableUploads {
  readonly #options: ResumableUploadsOptions;

  constructor(options: ResumableUploadsOptions) {
    this.#options = options;
  }

  /**
   * What is remembered of an upload from this source to this destination. While another process is at it, nothing is:
   * this one then sends for itself, and cleans up after itself.
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

/** What was saved; null where it is nothing of ours. */
function parseDocument(document: unknown): { uploadId: string; sameness: string } | null {
  if (typeof document !== 'object' || document === null) return null;
  if (!('upload_id' in document) || !('sameness' in document)) return null;
  const { upload_id: uploadId, sameness } = document;
  return typeof uploadId === 'string' && typeof sameness === 'string' ? { uploadId, sameness } : null;
}

/** A short name for a value that JSON can hold; equal values have equal names. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
