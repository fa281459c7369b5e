import type { DeleteFailure } from '../client/batch-delete.ts';
import type { ListedObject } from '../client/listing.ts';

/** The most keys that are kept by name, as samples and as failures; the rest are only counted. */
const KEYS_NAMED_MAX = 100;
const SAMPLES_MAX = 10;

/** What matched: the answer of a dry run, and what a prompt shows. */
export interface Survey {
  readonly objects: number;
  readonly bytes: number;
  /** Last-modified times of the oldest and newest match, in ms; null without a match. */
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  /** The first few keys, in the order of the listing. */
  readonly samples: readonly string[];
}

export const EMPTY_SURVEY: Survey = { objects: 0, bytes: 0, oldestMs: null, newestMs: null, samples: [] };

export function addToSurvey(survey: Survey, matches: readonly ListedObject[]): Survey {
  let { objects, bytes, oldestMs, newestMs } = survey;
  for (const { sizeBytes, lastModifiedMs } of matches) {
    objects += 1;
    bytes += sizeBytes;
    oldestMs = Math.min(oldestMs ?? lastModifiedMs, lastModifiedMs);
    newestMs = Math.max(newestMs ?? lastModifiedMs, lastModifiedMs);
  }
  const room = SAMPLES_MAX - survey.samples.length;
  const samples = room > 0 ? [...survey.samples, ...matches.slice(0, room).map(({ key }) => key)] : survey.samples;
  return { objects, bytes, oldestMs, newestMs, samples };
}

/** What a sweep has done. */
export interface SweepTally {
  readonly matched: number;
  readonly deleted: number;
  readonly deletedBytes: number;
  /** Matched and still there: left for the next sweep. */
  readonly failed: number;
  /** Of those, refused for lack of permission. */
  readonly denied: number;
  /** The first failures by name. */
  readonly failures: readonly DeleteFailure[];
}

export const EMPTY_TALLY: SweepTally = { matched: 0, deleted: 0, deletedBytes: 0, failed: 0, denied: 0, failures: [] };

export function addToTally(
  tally: SweepTally,
  { batch, stayed }: { batch: readonly ListedObject[]; stayed: readonly DeleteFailure[] },
): SweepTally {
  const stayedKeys = new Set(stayed.map(({ key }) => key));
  const gone = batch.filter(({ key }) => !stayedKeys.has(key));
  return {
    matched: tally.matched + batch.length,
    deleted: tally.deleted + gone.length,
    deletedBytes: tally.deletedBytes + gone.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0),
    failed: tally.failed + batch.length - gone.length,
    denied: tally.denied + stayed.filter(({ code }) => code === 'AccessDenied').length,
    failures: [...tally.failures, ...stayed].slice(0, KEYS_NAMED_MAX),
  };
}
