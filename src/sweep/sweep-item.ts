import type { Stayed } from '../s3/delete/batch-outcome.ts';

/** An object or version that a sweep may delete. Null means that the source does not provide the field. */
export interface SweepItem {
  readonly key: string;
  /** The version to delete permanently; null for the current object. */
  readonly versionId: string | null;
  readonly sizeBytes: number | null;
  readonly lastModifiedMs: number | null;
  /** As sent by the store, including quotes. */
  readonly etag: string | null;
}

/** A part of a selection; may be empty. */
export interface SweepPage {
  readonly items: readonly SweepItem[];
  /** Items kept only because the store does not report their age. */
  readonly unknownAge: readonly SweepItem[];
  /** Items that could not be checked, each with the reason. */
  readonly unreadable: readonly Stayed<SweepItem>[];
  /** Whether a look at a named key succeeded, so that access is not denied to all of them. */
  readonly isReadable: boolean;
  /**
   * The keys that this page completes: every match among them is in this page or an earlier one. Null if the source is
   * unordered.
   */
  readonly span: KeySpan | null;
}

/** A range of keys, ordered by UTF-8 bytes. */
export interface KeySpan {
  /** The last key before the range; null for none. */
  readonly after: string | null;
  /** The last key in the range; null for no end. */
  readonly through: string | null;
}

export const EVERY_KEY: KeySpan = { after: null, through: null };
