/** One thing that a sweep may delete, as its source tells it. Null stands for what this source does not know. */
export interface SweepItem {
  readonly key: string;
  /** The version to delete for good; null for the current object, whatever its version. */
  readonly versionId: string | null;
  readonly sizeBytes: number | null;
  readonly lastModifiedMs: number | null;
  /** As the store writes it, quotes included. */
  readonly etag: string | null;
}

/** Some of what a selection has found; it may be empty. */
export interface SweepPage {
  readonly items: readonly SweepItem[];
  /** Those that stay for one reason alone: the store does not know their age. */
  readonly unknownAge: readonly SweepItem[];
  /**
   * The keys that this page settles: whatever was to be selected among them is in it, or was in an earlier one.
   * Null where the source has no order, so that nothing can be said.
   */
  readonly span: KeySpan | null;
}

/** A stretch of the key space, in the order of UTF-8 bytes. */
export interface KeySpan {
  /** The last key before it; null from the first one. */
  readonly after: string | null;
  /** The last key in it; null up to the last one. */
  readonly through: string | null;
}

export const EVERY_KEY: KeySpan = { after: null, through: null };
