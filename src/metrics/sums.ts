import type { CounterSeries, GaugeSeries, HistogramSeries, Labels } from '../state/state.ts';
import { DEFINITIONS, type Family } from './definitions.ts';

type FamilyOf<Type extends string> = {
  [Name in Family]: (typeof DEFINITIONS)[Name]['type'] extends Type ? Name : never;
}[Family];
type LabelsOf<Name extends Family> = Readonly<Record<(typeof DEFINITIONS)[Name]['labels'][number], string>>;

/** As in `HistogramSeries`. */
type Observations = Pick<HistogramSeries, 'bounds' | 'counts' | 'sum'>;

/** Sums of counters, gauges and histograms. Pure arithmetic; the compiler checks each family's labels. */
export class Sums {
  readonly #counters = new Map<string, CounterSeries>();
  readonly #gauges = new Map<string, GaugeSeries>();
  readonly #histograms = new Map<string, HistogramSeries>();

  get isEmpty(): boolean {
    return this.#counters.size + this.#gauges.size + this.#histograms.size === 0;
  }

  /** Adds to a counter; 0 only creates the series. */
  count<Name extends FamilyOf<'counter'>>(family: Name, labels: LabelsOf<Name>, value = 1): void {
    const { key, name } = identify(family, labels);
    this.#counters.set(key, { family: name, labels, value: (this.#counters.get(key)?.value ?? 0) + value });
  }

  /** Raises a gauge; the largest value is kept. */
  raise<Name extends FamilyOf<'gauge'>>(family: Name, labels: LabelsOf<Name>, value: number): void {
    const { key, name } = identify(family, labels);
    const before = this.#gauges.get(key)?.value ?? value;
    this.#gauges.set(key, { family: name, labels, value: Math.max(before, value) });
  }

  /** Adds observations; without any, only creates the series. */
  observe<Name extends FamilyOf<'histogram'>>(family: Name, labels: LabelsOf<Name>, observed: Observations): void {
    const { key, name } = identify(family, labels);
    const { bounds, counts, sum } = observed;
    const before = this.#histograms.get(key);
    this.#histograms.set(key, {
      family: name,
      labels,
      bounds,
      counts: counts.map((count, index) => count + (before?.counts[index] ?? 0)),
      sum: sum + (before?.sum ?? 0),
    });
  }

  read(): {
    readonly counters: readonly CounterSeries[];
    readonly gauges: readonly GaugeSeries[];
    readonly histograms: readonly HistogramSeries[];
  } {
    return {
      counters: [...this.#counters.values()],
      gauges: [...this.#gauges.values()],
      histograms: [...this.#histograms.values()],
    };
  }
}

function identify(family: Family, labels: Labels): { readonly key: string; readonly name: string } {
  const { name, labels: names } = DEFINITIONS[family];
  let key = name;
  // No label contains NUL: labels are our own words, buckets and circuit names.
  for (const label of names) key += `\0${labels[label] ?? ''}`;
  return { name, key };
}
