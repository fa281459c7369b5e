import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { SlotQueue } from '../../guard/slots.ts';
import type { ChecksumChoice } from '../checksum/algorithms.ts';

/** The object to create, with its metadata. */
export interface UploadTarget {
  readonly bucket: string;
  readonly key: string;
  readonly headers: UploadHeaders;
  readonly checksum: ChecksumChoice;
  /** If the key exists, fail with `exists` and do not replace the object. */
  readonly ifNoneMatch: boolean;
  /** 5 MiB to 5 GiB; the last part may be shorter. */
  readonly partSizeBytes: number;
}

export type UploadHeaders = Pick<
  PutObjectCommandInput,
  | 'ContentType'
  | 'CacheControl'
  | 'ContentEncoding'
  | 'ContentDisposition'
  | 'ContentLanguage'
  | 'Expires'
  | 'Metadata'
  | 'StorageClass'
  | 'ServerSideEncryption'
  | 'SSEKMSKeyId'
  | 'Tagging'
  | 'ACL'
>;

/** A file: bytes that can be read at any offset, repeatedly. */
export interface UploadSource {
  /** Fills `buffer` from `offset`. @throws BreakwaterError `source_changed` or `local_io` */
  readonly readAt: (buffer: Uint8Array, offset: number) => Promise<void>;
  /**
   * Reads and confirms the whole of a small file in one go; null for a file that is to be read with `readAt`.
   * @param memory for one byte more than the file has, which shows whether it ends there
   * @throws BreakwaterError `source_changed` or `local_io`
   * @default null for every file
   */
  readonly readWhole?: ((memory: Buffer) => Uint8Array) | null;
  /**
   * Called before the object is created, to check that the file has not changed since it was opened.
   * @throws BreakwaterError `source_changed`
   */
  readonly confirm: () => void;
}

export interface FileUpload extends UploadTarget {
  readonly sizeBytes: number;
  readonly source: UploadSource;
  /** The source of each request's slot. */
  readonly queue: SlotQueue;
  /** Aborts this upload, together with the command or when its run has ended. */
  readonly signal: AbortSignal;
  readonly resume: UploadResumePoint;
}

/** The saved state of an upload in parts, with which a later process can resume it or remove its parts. */
export interface UploadResumePoint {
  /** The upload of an earlier process with the same bytes and options; null for none. */
  readonly resumableId: string | null;
  /** Uploads of earlier processes that cannot be resumed, such as those with other bytes or options. */
  readonly stale: readonly StaleUpload[];
  /** Whether the parts stay if the upload fails. */
  readonly isResumable: boolean;
  /**
   * Checks the state. False if another process took the upload over, because this one was suspended for longer than its
   * lease: this one must neither complete nor abort it.
   */
  readonly isOurs: () => boolean;
  /** Called as soon as the upload id is known. @returns whether a later process will find it */
  readonly save: (uploadId: string) => Promise<boolean>;
  /** Called when nothing is left to resume or to remove. */
  readonly forget: () => Promise<void>;
}

/** A useless upload of an earlier process. */
export interface StaleUpload {
  readonly uploadId: string;
  /** Called when the upload is gone. */
  readonly forget: () => Promise<void>;
}

/** No saved state, and nothing is saved. */
export const NOTHING_TO_RESUME: UploadResumePoint = {
  resumableId: null,
  stale: [],
  isResumable: false,
  isOurs: () => true,
  save: () => Promise.resolve(false),
  forget: () => Promise.resolve(),
};

export interface StreamUpload extends UploadTarget {
  /** Read once, from its start. Its error ends the upload. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Parts in flight; memory grows with this times the part size. */
  readonly partsInFlight: number;
  readonly resume: UploadResumePoint;
}

export interface UploadResult {
  readonly etag: string | null;
  /** Size of the object. */
  readonly bytes: number;
  /** How many of them an earlier process sent. */
  readonly resumedBytes: number;
  readonly versionId: string | null;
  /** The checksum that the store confirmed and keeps, such as `crc32`; null if it confirmed none. */
  readonly checksum: ChecksumChoice | null;
}
