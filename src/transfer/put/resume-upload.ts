import { createHash, randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { readFields } from '../../read-fields.ts';
import type { UnfinishedWork, WorkClaim } from '../../unfinished-work.ts';
import { NOTHING_TO_RESUME, type UploadResumePoint } from '../../s3/upload/upload-request.ts';
import type { FileIdentity } from './source-file.ts';
import type { S3Location } from '../transfer-context.ts';

/** The least size, in bytes, at which stored parts stay if the upload fails. */
export const RESUME_BYTES_MIN = 64 * 1024 * 1024;

export interface ResumableUploadsOptions {
  readonly unfinished: UnfinishedWork;
  /** Full name of the circuit, which identifies the store. */
  readonly circuit: string;
  /** False under `--no-resume`: resume nothing, and keep no parts. */
  readonly isResuming: boolean;
}

export interface UploadIdentity {
  readonly location: S3Location;
  /** A path, or `-`. */
  readonly source: string;
  /** Null for a stream, which cannot be resumed. */
  readonly identity: FileIdentity | null;
  /** Everything else that the stored parts depend on, as a JSON value. */
  readonly options: unknown;
}

/** The saved state of one upload, claimed by this process until disposed. */
export type OpenResumePoint = UploadResumePoint & AsyncDisposable;

/**
 * The saved state of all uploads in parts, shared by all processes of the program. What S3 still has of them is listed, and
 * the rest sent, by `s3/upload/upload-file.ts`.
 */
export class ResumableUploads {
  readonly #options: ResumableUploadsOptions;

  constructor(options: ResumableUploadsOptions) {
    this.#options = options;
  }

  /**
   * The saved state of uploads from this source to this destination. While another process holds the claim, this one
   * finds nothing, sends everything itself, and removes its parts after a failure. It saves its upload in a separate
   * record, so that the next run finds it if this process is killed.
   */
  async open(entry: UploadIdentity): Promise<OpenResumePoint> {
    const { unfinished, isResuming } = this.#options;
    const { location, identity, options } = entry;
    const sameness = digest([identity, options]);
    const id = this.#idOf(entry);
    const claim = await unfinished.claim(id);
    if (claim === null) {
      const ownId = nameRecord(id);
      return this.#openRecord({ id: ownId, claim: await unfinished.claim(ownId), location, sameness });
    }
    const found = await this.#findRecords(id, claim);
    const isSame = (record: FoundUpload): boolean =>
      isResuming && identity !== null && record.sameness === sameness && record.claim.isOurs();
    const same = found.find(isSame) ?? null;
    const stale = found.filter((record) => record !== same);
    // A new record must not replace the record of a stale upload, whose abort may fail.
    const isTaken = stale.some((record) => record.id === id);
    const record = same ?? { id: isTaken ? nameRecord(id) : id, claim };
    const point = this.#openRecord({ ...record, location, sameness });
    return {
      ...point,
      resumableId: same?.uploadId ?? null,
      stale: stale.map(({ id: staleId, uploadId }) => ({
        uploadId,
        forget: async () => await unfinished.remove(staleId),
      })),
      isResumable: isResuming && (identity?.sizeBytes ?? 0) >= RESUME_BYTES_MIN,
      [Symbol.asyncDispose]: async () => {
        for (const { claim: held } of [...found, { claim }]) await held[Symbol.asyncDispose]();
      },
    };
  }

  #openRecord({ id, claim, location, sameness }: OpenRecord): OpenResumePoint {
    const { unfinished } = this.#options;
    const { bucket, key } = location;
    const isOurs = (): boolean => claim?.confirm() ?? true;
    return {
      ...NOTHING_TO_RESUME,
      isOurs,
      save: async (uploadId) => await unfinished.save(id, { bucket, key, upload_id: uploadId, sameness }),
      forget: async () => {
        if (isOurs()) await unfinished.remove(id);
      },
      [Symbol.asyncDispose]: async () => await claim?.[Symbol.asyncDispose](),
    };
  }

  /** The uploads left by ended processes, including those without a claim. */
  async #findRecords(id: string, mine: WorkClaim): Promise<readonly FoundUpload[]> {
    const { unfinished } = this.#options;
    const found: FoundUpload[] = [];
    for (const item of await unfinished.list(id)) {
      const parsed = parseUpload(item.document);
      if (parsed === null) continue;
      const claim = item.id === id ? mine : await unfinished.claim(item.id);
      if (claim !== null) found.push({ id: item.id, claim, ...parsed });
    }
    return found;
  }

  #idOf({ location: { bucket, key }, source }: UploadIdentity): string {
    return digest([this.#options.circuit, bucket, key, source === '-' ? source : resolve(source)]);
  }
}

interface OpenRecord {
  readonly id: string;
  readonly claim: WorkClaim | null;
  readonly location: S3Location;
  readonly sameness: string;
}

interface SavedUpload {
  readonly uploadId: string;
  /** Digest of everything that its parts depend on. */
  readonly sameness: string;
}

interface FoundUpload extends SavedUpload {
  readonly id: string;
  readonly claim: WorkClaim;
}

/** A new id that starts with the transfer's id. */
function nameRecord(id: string): string {
  return `${id}-${randomBytes(6).toString('hex')}`;
}

/** Parses a saved upload; null if it is not our document. */
function parseUpload(document: unknown): SavedUpload | null {
  const { upload_id: uploadId, sameness } = readFields(document);
  return typeof uploadId === 'string' && typeof sameness === 'string' ? { uploadId, sameness } : null;
}

/** The ids of uploads in parts, of any size, that living processes are sending. */
export async function findRunningUploads(unfinished: UnfinishedWork): Promise<ReadonlySet<string>> {
  const running = new Set<string>();
  for (const { id, document } of await unfinished.list()) {
    const saved = parseUpload(document);
    if (saved !== null && (await unfinished.isClaimed(id))) running.add(saved.uploadId);
  }
  return running;
}

/** A short digest of a JSON value; equal values have equal digests. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
