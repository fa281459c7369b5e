import { DURATION_BOUNDS_S } from './definitions.ts';

/**
 * A quantile of the durations, as the upper bound of its bucket, in ms.
 * @param durations counts per bucket of `s3_operation_duration_seconds`, not cumulative
 * @returns null if there are none; Infinity beyond the last bound
 */
export function findQuantileMs(durations: readonly number[], share: number): number | null {
  const total = durations.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  const index = durations.findIndex((count) => {
    seen += count;
    return count > 0 && seen >= total * share;
  });
  return (DURATION_BOUNDS_S[index] ?? Infinity) * 1000;
}
