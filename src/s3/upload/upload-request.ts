import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { SlotQueue } from '../../guard/slots.ts';
import type { ChecksumChoice } from '../checksum/algorithms.ts';

/** Where an object goes, and what is stored with it. */
export interface UploadTarget {
  readonly bucket: string;
  readonly key: string;
  readonly headers: UploadHeaders;
  readonly checksum: ChecksumChoice;
  /** Fails with `exists`, and leaves the object as it is, if the key exists. */
  readonly ifNoneMatch: boolean;
  /** 5 MiB to 5 GiB; the last part may be shorter. */
  readonly partSizeBytes: number;
}

/** What is stored with the object. */
export type UploadHeaders = Pick<
  PutObjectCommandInput,
  | 'ContentType'
  | 'CacheControl'
  | 'Metadata'
  | 'StorageClass'
  | 'ServerSideEncryption'
  | 'SSEKMSKeyId'
  | 'Tagging'
  | 'ACL'
>;

/** Bytes that can be read at any offset and again: a file. */
export interface UploadSource {
  /** Fills `buffer` from `offset`. @throws BreakwaterError `source_changed` or `local_io` */
  readonly readAt: (buffer: Uint8Array, offset: number) => Promise<void>;
  /**
   * Called before the object is created: is the file still as it was when it was opened?
   * @throws BreakwaterError `source_changed`
   */
  readonly confirm: () => void;
}

export interface FileUpload extends UploadTarget {
  readonly sizeBytes: number;
  readonly source: UploadSource;
  /** A slot for each request comes from here. */
  readonly queue: SlotQueue;
  /** Ends this upload: aborted when the command is, or when the run that it belongs to has ended. */
  readonly signal: AbortSignal;
  readonly resume: UploadResumePoint;
}

/** The saved state of an upload in parts, by which a later process can resume the upload or remove its parts. */
export interface UploadResumePoint {
  /** The upload of an earlier process with the same bytes and options; null for none. */
  readonly resumableId: string | null;
  /** Uploads of earlier processes that cannot be resumed, such as those of other bytes or options. */
  readonly stale: readonly StaleUpload[];
  /** Whether the parts stay if the upload fails. */
  readonly isResumable: boolean;
  /**
   * False if another process has taken the upload over, which may have stopped this one for longer than its lease: it
   * must neither complete nor abort it. Asked of the state each time.
   */
  readonly isOurs: () => boolean;
  /** Called as soon as the upload id is known. @returns whether a later process will find it */
  readonly save: (uploadId: string) => Promise<boolean>;
  /** Called when nothing is left to resume or to remove. */
  readonly forget: () => Promise<void>;
}

/** An upload that an earlier process has left, and that is of no use. */
export interface StaleUpload {
  readonly uploadId: string;
  /** Called when it is gone. */
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
  /** Read once, from its start. An error that it throws ends the upload with that error. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Parts in flight; memory grows with this times the part size. */
  readonly partsInFlight: number;
  readonly resume: UploadResumePoint;
}

export interface UploadResult {
  readonly etag: string | null;
  /** Size of the object. */
  readonly bytes: number;
  /** How many of them an earlier process had sent. */
  readonly resumedBytes: number;
  readonly versionId: string | null;
  /** The checksum that the store has confirmed and keeps, such as `crc32`; null if it confirmed none. */
  readonly checksum: ChecksumChoice | null;
}
