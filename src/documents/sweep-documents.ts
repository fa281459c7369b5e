import type { ErrorCode } from '../errors.ts';
import type { LimitReached } from '../sweep/sweep-limits.ts';
import type { ByteCount, Count, Milliseconds, TimeText } from './values.ts';

/** An upload that was not aborted, and why. */
export interface UploadLeft {
  readonly key: string;
  /** S3's code, or a word of this program: `unknown_age`. */
  readonly code: string;
  /** For people. */
  readonly message: string;
}

/** An object that was not deleted, and why. */
export interface ObjectLeft extends UploadLeft {
  /** Null for an object without versions. */
  readonly version_id: string | null;
}

/** One line of the file that `sweep --report` writes. */
export interface SweepReportLine extends ObjectLeft {
  readonly bucket: string;
}

/** What `--abort-uploads` did. */
export interface UploadsAborted {
  /** As requested. */
  readonly older_than_ms: Milliseconds;
  /** Uploads that were to be aborted: the sum of `aborted` and `failed`, except in a dry run. */
  readonly matched: Count;
  /** Left alone and not counted as matched: a process of this machine is sending them. */
  readonly running: Count;
  readonly aborted: Count;
  readonly failed: Count;
  /** Old enough, but never asked for, because the sweep ended early. */
  readonly not_tried: Count;
  /** Only if the time passed before every upload was checked. */
  readonly stopped_by?: 'max_duration';
  /**
   * The first of the failed ones.
   * @maxItems 100
   */
  readonly failures: readonly UploadLeft[];
}

/** A sweep without `--older-than`, or one that failed before it found anything. */
export interface SweepStarted {
  readonly bucket: string;
  readonly prefix: string;
  /** Only with `--shard`: as requested, `1/8`. */
  readonly shard?: string;
  readonly dry_run: boolean;
  /** Only with `--abort-uploads`; null if aborting failed before anything was found. */
  readonly uploads?: UploadsAborted | null;
}

interface ObjectsSwept extends SweepStarted {
  /** As requested. */
  readonly older_than_ms: Milliseconds | null;
  /** Objects that the sweep tried to delete; in a dry run, those that it would delete. */
  readonly matched: Count;
  /** Bytes freed; in a dry run, the size of what matched. */
  readonly bytes: ByteCount;
  /**
   * The first that failed; in a dry run, of those that could not be checked.
   * @maxItems 100
   */
  readonly failures: readonly ObjectLeft[];
}

/** What a sweep would delete: `--dry-run`. */
export interface SweepPlanned extends ObjectsSwept {
  readonly dry_run: true;
  /** When the oldest match was stored; null if nothing matched. */
  readonly oldest: TimeText | null;
  /** When the newest match was stored; null if nothing matched. */
  readonly newest: TimeText | null;
  /**
   * The first of the keys.
   * @maxItems 10
   */
  readonly samples: readonly string[];
  /** How many more stay because the store does not say when they were stored. */
  readonly unknown_age: Count;
  /** How many keys of a list could not be checked. */
  readonly unreadable: Count;
}

/** What a sweep did. */
export interface SweepDone extends ObjectsSwept {
  readonly dry_run: false;
  /** Whether it went through everything. */
  readonly complete: boolean;
  /** What ended it early; null if nothing did. */
  readonly stopped_by: LimitReached | 'max_duration' | ErrorCode | null;
  readonly deleted: Count;
  /** Overwritten since they were listed, and left alone. */
  readonly changed: Count;
  /** Left for the next sweep. */
  readonly failed: Count;
  /** Objects that matched too, but that the sweep never asked for, because it ended early. */
  readonly not_tried: Count;
}
