import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { SlotQueue } from '../../guard/slots.ts';
import type { ChecksumChoice } from '../checksum/algorithms.ts';

/** Where an object goes, and what is stored with it. */
export interface UploadTarget {
  readonly bucket: string;
  readonly key: string;
  readonly headers: UploadHeaders;
  readonly checksum: ChecksumChoice;
  /** Fails as `exists`, and leaves what is there, where the key is taken. */
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
  /** Before the object is made: is it still what it was when it was opened? @throws BreakwaterError `source_changed` */
  readonly confirm: () => void;
}

export interface FileUpload extends UploadTarget {
  readonly sizeBytes: number;
  readonly source: UploadSource;
  /** Gives leave for each request. */
  readonly queue: SlotQueue;
  /** Ends it from outside: aborted when the command is, or when the run that it belongs to is over. */
  readonly signal: AbortSignal;
  readonly memory: UploadResumePoint;
}

/** What is remembered of an upload in parts, so that a later process can go on with it or clean it away. */
export interface UploadResumePoint {
  /** Begun by an earlier process with the same bytes and options; null for none. */
  readonly resumableId: string | null;
  /** Begun by an earlier process with others: of no use any more; null for none. */
  readonly staleId: string | null;
  /** Whether the parts stay when it ends before its end. */
  readonly isResumable: boolean;
  readonly save: (uploadId: string) => Promise<void>;
  readonly forget: () => Promise<void>;
}

/** Nothing is remembered. */
export const NOTHING_TO_RESUME: UploadResumePoint = {
  resumableId: null,
  staleId: null,
  isResumable: false,
  save: async () => await Promise.resolve(),
  forget: async () => await Promise.resolve(),
};

export interface StreamUpload extends UploadTarget {
  /** Read once, from its start; an error it throws ends the upload as that error. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Parts in flight; memory is this times the part size. */
  readonly partsInFlight: number;
  readonly memory: UploadResumePoint;
}

export interface UploadResult {
  readonly etag: string | null;
  /** Of the object. */
  readonly bytes: number;
  /** Of those, how many an earlier process had sent. */
  readonly resumedBytes: number;
  readonly versionId: string | null;
  /** What the store has confirmed and keeps, such as `crc32`; null where it told of none. */
  readonly checksum: ChecksumChoice | null;
}
