import { DURATION_BOUNDS_S } from './definitions.ts';
import type { HistogramSeries } from '../state/state.ts';

/** Observed durations by bucket. A value equal to a bound belongs to that bucket. */
export class DurationHistogram implements Pick<HistogramSeries, 'bounds' | 'counts' | 'sum'> {
  readonly bounds = DURATION_BOUNDS_S;
  readonly counts: number[] = DURATION_BOUNDS_S.map(() => 0).concat(0);
  sum = 0;

  add(seconds: number): void {
    let bucket = 0;
    while (seconds > (DURATION_BOUNDS_S[bucket] ?? Infinity)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += seconds;
  }
}
