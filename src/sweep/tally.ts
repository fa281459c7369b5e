import type { BatchOutcome } from '../s3/delete/batch-outcome.ts';
import { isKeyDenied } from '../s3/list/look-at-key.ts';
import type { SweepItem, SweepPage } from './sweep-item.ts';

/** The maximum number of failures listed; the rest are only counted. */
const KEYS_NAMED_MAX = 100;
/** The maximum number of sample keys in a survey. */
const SAMPLES_MAX = 10;

/** The matches, for a dry run and for the confirmation question. */
export interface Survey {
  readonly objects: number;
  /** The sum of the known sizes. */
  readonly bytes: number;
  /** Last-modified times of the oldest and newest match, in ms; null if none is known. */
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  /** The first few matching keys. */
  readonly samples: readonly string[];
  /** The number of objects kept because the store does not report their age. */
  readonly unknownAge: number;
  /** The number of objects that could not be checked, and the first of them. */
  readonly unreadable: number;
  readonly failures: readonly LeftObject[];
}

export const EMPTY_SURVEY: Survey = {
  objects: 0,
  bytes: 0,
  oldestMs: null,
  newestMs: null,
  samples: [],
  unknownAge: 0,
  unreadable: 0,
  failures: [],
};

/** Counts the objects that a sweep would delete. Sends no write request. */
export async function surveySweep(pages: AsyncIterable<SweepPage>): Promise<Survey> {
  let survey = EMPTY_SURVEY;
  for await (const { items, unknownAge, unreadable } of pages) {
    const room = KEYS_NAMED_MAX - survey.failures.length;
    survey = {
      ...addToSurvey(survey, items),
      unknownAge: survey.unknownAge + unknownAge.length,
      unreadable: survey.unreadable + unreadable.length,
      failures: [...survey.failures, ...nameLeft(unreadable.slice(0, room))],
    };
  }
  return survey;
}

/** Adds one page of matches to the counts. */
export function addToSurvey(survey: Survey, matches: readonly SweepItem[]): Survey {
  let { objects, bytes, oldestMs, newestMs } = survey;
  for (const { sizeBytes, lastModifiedMs } of matches) {
    objects += 1;
    bytes += sizeBytes ?? 0;
    if (lastModifiedMs === null) continue;
    oldestMs = Math.min(oldestMs ?? lastModifiedMs, lastModifiedMs);
    newestMs = Math.max(newestMs ?? lastModifiedMs, lastModifiedMs);
  }
  const room = SAMPLES_MAX - survey.samples.length;
  const samples = room > 0 ? [...survey.samples, ...matches.slice(0, room).map(({ key }) => key)] : survey.samples;
  return { ...survey, objects, bytes, oldestMs, newestMs, samples };
}

/** One undeleted object, and the reason. */
export interface LeftObject {
  readonly key: string;
  readonly versionId: string | null;
  /** S3's error code, or ours. */
  readonly code: string;
  readonly message: string;
}

/** The reason for keeping an object whose listed time is missing or before S3 began. */
export const UNKNOWN_AGE = {
  code: 'unknown_age',
  message: 'the store does not report its age, so it is kept',
};

/** The counts of a sweep; `matched` is the sum of `deleted`, `changed` and `failed`. */
export interface SweepTally {
  /** Objects selected for deletion, or kept because their age is unknown. */
  readonly matched: number;
  readonly deleted: number;
  readonly deletedBytes: number;
  /** Overwritten since they were listed, so kept. */
  readonly changed: number;
  /** Matched but not deleted; left for the next sweep. */
  readonly failed: number;
  /** The part of `failed` that was denied. */
  readonly denied: number;
  /** Items that also matched, but that the sweep never asked for, because it ended early. Not part of `matched`. */
  readonly notTried: number;
  /** The first failures. */
  readonly failures: readonly LeftObject[];
}

export const EMPTY_TALLY: SweepTally = {
  matched: 0,
  deleted: 0,
  deletedBytes: 0,
  changed: 0,
  failed: 0,
  denied: 0,
  notTried: 0,
  failures: [],
};

/** Adds the outcome of one batch to the counts. */
export function addToTally(
  tally: SweepTally,
  outcome: Pick<BatchOutcome<SweepItem>, 'deleted' | 'changed' | 'stayed'>,
): SweepTally {
  const { deleted, changed, stayed } = outcome;
  const room = KEYS_NAMED_MAX - tally.failures.length;
  return {
    ...tally,
    matched: tally.matched + deleted.length + changed.length + stayed.length,
    deleted: tally.deleted + deleted.length,
    deletedBytes: tally.deletedBytes + sumBytes(deleted),
    changed: tally.changed + changed.length,
    failed: tally.failed + stayed.length,
    denied: tally.denied + stayed.filter(({ code }) => isKeyDenied(code)).length,
    failures: room > 0 ? [...tally.failures, ...nameLeft(stayed.slice(0, room))] : tally.failures,
  };
}

/** The undeleted objects, in the form used by reports. */
export function nameLeft(stayed: BatchOutcome<SweepItem>['stayed']): readonly LeftObject[] {
  return stayed.map(({ item: { key, versionId }, code, message }) => ({ key, versionId, code, message }));
}

/** The total size of the items, in bytes; an unknown size counts as 0. */
export function sumBytes(items: readonly SweepItem[]): number {
  return items.reduce((bytes, { sizeBytes }) => bytes + (sizeBytes ?? 0), 0);
}
