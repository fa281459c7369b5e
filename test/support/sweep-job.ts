import type { SweepJob } from '../../src/sweep/run-sweep.ts';
import { NO_LIMITS } from '../../src/sweep/sweep-limits.ts';

/** A sweep of the objects under s3://b/k that are older than 1 ms, without limits. */
export const SWEEP_JOB: SweepJob = {
  bucket: 'b',
  prefix: 'k',
  endpointUrl: null,
  olderThanMs: 1,
  abortUploadsMs: null,
  selection: {
    source: { kind: 'objects' },
    patterns: { include: [], exclude: [] },
    minSizeBytes: null,
    maxSizeBytes: null,
    listConcurrency: 1,
  },
  shard: null,
  limits: NO_LIMITS,
  isDryRun: false,
  isStrict: false,
  isUnconditional: true,
  reportPath: null,
};
