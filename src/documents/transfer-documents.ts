import type { ErrorCode } from '../errors.ts';
import type { ChecksumChoice } from '../s3/checksum/algorithms.ts';
import type { VerifiedBy } from '../s3/checksum/expected-checksum.ts';
import type { ByteCount, Count, HttpStatus, TimeText } from './values.ts';

/** One object that was sent. */
export interface ObjectPut {
  readonly bucket: string;
  readonly key: string;
  /** A path, or `-` for standard input. */
  readonly source: string;
  /** Size of the object. */
  readonly bytes: ByteCount;
  /** Those of them that an earlier run had sent. */
  readonly resumed_bytes: ByteCount;
  /** As sent by the store, with its quotes; null if it sent none. */
  readonly etag: string | null;
  /** Null in a bucket without versions. */
  readonly version_id: string | null;
  /** The checksum that the store confirmed; null for none. */
  readonly checksum: ChecksumChoice | null;
}

/** What put would send: `--dry-run`. */
export interface PutPlanned {
  readonly dry_run: true;
  readonly objects: Count;
  readonly bytes: ByteCount;
  /**
   * The first of the objects.
   * @maxItems 1000
   */
  readonly samples: readonly { readonly source: string; readonly bucket: string; readonly key: string }[];
  /** Only if some files cannot be sent: how many. */
  readonly failed?: Count;
  /**
   * Only if some files cannot be sent: the first of them.
   * @maxItems 100
   */
  readonly failures?: readonly ItemFailed[];
}

/** One object that was fetched. */
export interface ObjectGot {
  readonly bucket: string;
  readonly key: string;
  /** Null in a bucket without versions. */
  readonly version_id: string | null;
  /** The file written. */
  readonly path: string | null;
  /** Size of the object. */
  readonly bytes: ByteCount;
  /** Those of them that an earlier run had fetched. */
  readonly resumed_bytes: ByteCount;
  /** As sent by the store, with its quotes. */
  readonly etag: string;
  /** When the object was stored; null if the store does not say. */
  readonly modified_at: TimeText | null;
  /**
   * The checksum that verified the bytes, with `-composite` if it was computed over the uploaded parts; null if the
   * store provided none that could be checked.
   */
  readonly verified_by: VerifiedBy | null;
}

/** What get would fetch: `--dry-run`. */
export interface GetPlanned {
  readonly dry_run: true;
  readonly objects: Count;
  readonly bytes: ByteCount;
  /** How many are already here. */
  readonly skipped: Count;
  /** Only if some of the objects cannot be files here: how many. */
  readonly failed?: Count;
  /**
   * The first of the objects.
   * @maxItems 100
   */
  readonly samples: readonly {
    readonly name: string;
    /** Null for standard output, and if it cannot be a file here. */
    readonly path: string | null;
    readonly bytes: ByteCount;
  }[];
}

/** One of many objects that failed. */
export interface ItemFailed {
  /** The source of a put, the object of a get. */
  readonly name: string;
  readonly code: ErrorCode;
  /** For people. */
  readonly message: string;
  readonly http_status: HttpStatus | null;
  readonly request_id: string | null;
}

/** Many objects that were sent. */
export interface ManyPut {
  /** How many were transferred. */
  readonly objects: Count;
  /** How many were already there and were left alone. */
  readonly skipped: Count;
  /** What was transferred. */
  readonly bytes: ByteCount;
  readonly failed: Count;
  /**
   * The first that failed.
   * @maxItems 100
   */
  readonly failures: readonly ItemFailed[];
}

/** Many objects that were fetched. */
export interface ManyGot extends ManyPut {
  /** How many of those transferred no checksum could verify. */
  readonly unverified: Count;
}
