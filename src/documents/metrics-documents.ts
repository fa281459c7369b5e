import type { Definition } from '../metrics/definitions.ts';
import type { Count } from './values.ts';

/** A family of metrics. */
export interface FamilyDocument {
  readonly name: string;
  readonly type: Definition['type'];
  /** What it measures. */
  readonly help: string;
  readonly series: readonly SeriesDocument[];
}

/** One series of a family. */
export interface SeriesDocument {
  /** Only in histograms: the family's name with `_bucket`, `_sum` or `_count`. */
  readonly name?: string;
  /** Name and value of each label; `le` is a number, except `+Inf`. */
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** Everything measured. */
export interface FamiliesMeasured {
  readonly families: readonly FamilyDocument[];
}

/** What `--push` and `--textfile` did. */
export interface MetricsSent {
  /** The URL, without its password; null without `--push`. */
  readonly pushed_to: string | null;
  /** The path; null without `--textfile`. */
  readonly textfile: string | null;
}

/** What `--reset` did. */
export interface MetricsReset {
  /** Whether the totals were set to zero. */
  readonly reset: boolean;
}

/** What `--serve` did until it ended. */
export interface MetricsServed {
  /** Where it served. */
  readonly url: string;
  /** How often the metrics were fetched. */
  readonly scrapes: Count;
}
