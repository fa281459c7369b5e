import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CircuitView } from '../circuit/circuit-view.ts';
import type { HistogramSeries, Labels, MetricTotals } from '../state/state.ts';
import { DEFINITIONS, type Definition } from './definitions.ts';

export interface Measured {
  /** The totals over all invocations. */
  readonly totals: MetricTotals;
  /** Every known circuit, as a call arriving now would find it. */
  readonly circuits: readonly CircuitView[];
  readonly nowMs: number;
  /** This program's version; null to omit it. */
  readonly version: string | null;
}

/** All families as prom-client metrics, including those without series, because their help is documentation. */
export function createRegistry({ totals, circuits, nowMs, version }: Measured): Registry {
  const registry = new Registry();
  const derived = deriveGauges(circuits, nowMs, version);
  for (const definition of Object.values<Definition>(DEFINITIONS)) {
    const { name, type, help } = definition;
    const options = { name, help, labelNames: definition.labels, registers: [registry] };
    const ofFamily = ({ family }: { readonly family: string }): boolean => family === name;
    if (type === 'counter') {
      const counter = new Counter(options);
      for (const { labels, value } of totals.counters.filter(ofFamily)) counter.inc(inOrder(definition, labels), value);
    } else if (type === 'gauge') {
      const gauge = new Gauge(options);
      // Without labels, prom-client would print 0, which is wrong for an unknown time.
      if (definition.labels.length === 0) gauge.remove();
      for (const { labels, value } of [...totals.gauges, ...derived].filter(ofFamily))
        gauge.set(inOrder(definition, labels), value);
    } else {
      registry.registerMetric(
        new StoredHistogram(
          options,
          totals.histograms
            .filter(ofFamily)
            .map((series) => ({ ...series, labels: inOrder(definition, series.labels) })),
        ),
      );
    }
  }
  return registry;
}

/** Labels in the order of their definition; stored labels are in alphabetical order. */
function inOrder({ labels: names }: Definition, labels: Labels): Labels {
  return Object.fromEntries(names.map((name) => [name, labels[name] ?? '']));
}

/** Gauges that are computed rather than stored: a stored state would be wrong once a wait ends. */
function deriveGauges(circuits: readonly CircuitView[], nowMs: number, version: string | null) {
  return [
    ...circuits.flatMap(({ name, gauge, refusal, retryAfterMs }) => {
      const labels = { circuit_name: name };
      const untilMs = refusal === null || retryAfterMs === null ? 0 : nowMs + retryAfterMs;
      return [
        { family: DEFINITIONS.circuitState.name, labels, value: gauge },
        { family: DEFINITIONS.openUntil.name, labels, value: untilMs / 1000 },
      ];
    }),
    ...(version === null ? [] : [{ family: DEFINITIONS.buildInfo.name, labels: { version }, value: 1 }]),
  ];
}

/** prom-client can observe values but not load buckets, so this histogram returns the stored ones. */
class StoredHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #series: readonly HistogramSeries[];

  constructor(
    { name, help, labelNames }: { name: string; help: string; labelNames: readonly string[] },
    series: readonly HistogramSeries[],
  ) {
    super({ name, help, labelNames, registers: [] });
    this.#name = name;
    this.#help = help;
    this.#series = series;
  }

  override async get(): ReturnType<Histogram['get']> {
    const values = this.#series.flatMap((series) => this.#writeSeries(series));
    const described = { name: this.#name, help: this.#help, type: 'histogram', values, aggregator: 'sum' };
    // The declared type of `type` is an enum whose values the package does not export.
    return await Promise.resolve(described as unknown as Awaited<ReturnType<Histogram['get']>>);
  }

  /** When writing text, the registry prefers this method. */
  async getForPromString(): ReturnType<Histogram['get']> {
    return await this.get();
  }

  #writeSeries({ labels, bounds, counts, sum }: HistogramSeries) {
    let seen = 0;
    const buckets = [...bounds, '+Inf'].map((le, index) => {
      seen += counts[index] ?? 0;
      return { labels: { ...labels, le }, value: seen, metricName: `${this.#name}_bucket` };
    });
    return [
      ...buckets,
      { labels, value: sum, metricName: `${this.#name}_sum` },
      { labels, value: seen, metricName: `${this.#name}_count` },
    ];
  }
}
