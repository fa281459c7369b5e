import { readFileSync } from 'node:fs';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CIRCUIT_SETTINGS } from '../../../src/circuit/circuit.ts';
import { showCircuit } from '../../../src/circuit/circuit-view.ts';
import { initialRow } from '../../../src/circuit/state-machine.ts';
import type { Event } from '../../../src/events.ts';
import { DEFINITIONS, DURATION_BOUNDS_S, type Definition, type Family } from '../../../src/metrics/definitions.ts';
import { DurationHistogram } from '../../../src/metrics/duration-histogram.ts';
import { metricsDocument, printMetrics } from '../../../src/metrics/print.ts';
import { BUCKETS_MAX, capBuckets, MetricsRecorder } from '../../../src/metrics/recorder.ts';
import type { Measured } from '../../../src/metrics/registry.ts';
import { Sums } from '../../../src/metrics/sums.ts';
import type { MetricTotals } from '../../../src/state/state.ts';
import { refusalOf } from '../../support/fake-circuits.ts';

const NOTHING: MetricTotals = { counters: [], gauges: [], histograms: [] };
const NOW_MS = 1_750_000_000_000;

function finished(more: Partial<Extract<Event, { kind: 'operation_finished' }>> = {}): Event {
  return {
    kind: 'operation_finished',
    operation: 'put_object',
    bucket: 'b',
    result: 'success',
    code: null,
    durationMs: 30,
    bytes: 7,
    ...more,
  };
}

function record(...events: readonly Event[]) {
  const recorder = new MetricsRecorder({ now: () => NOW_MS });
  for (const event of events) recorder.read(event);
  return recorder.peek();
}

function measured(totals: MetricTotals, more: Partial<Measured> = {}): Measured {
  return { totals, circuits: [], nowMs: NOW_MS, version: '1.2.3', ...more };
}

const valueOf = (text: string, series: string): string | undefined =>
  text
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1);

describe('the definitions', () => {
  it('match docs/metrics.md row by row', () => {
    const rows = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const code = (words: readonly string[]) => words.map((word) => `\`${word}\``).join(', ');
    const expected = Object.values<Definition>(DEFINITIONS).map(
      ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${code(labels)} | ${help} |`,
    );
    expect(rows).toEqual(expected);
  });

  it('keep name, type and labels of the four families that are a contract', () => {
    const { operations, duration, circuitState, retries } = DEFINITIONS;
    expect(
      [operations, duration, circuitState, retries].map(({ name, type, labels }) => [name, type, ...labels]),
    ).toEqual([
      ['s3_operations_total', 'counter', 'operation', 'bucket', 'result'],
      ['s3_operation_duration_seconds', 'histogram', 'operation', 'bucket'],
      ['s3_circuit_breaker_state', 'gauge', 'circuit_name'],
      ['s3_retry_attempts_total', 'counter', 'operation', 'attempt'],
    ]);
  });
});

describe('the recorder', () => {
  const resultsOf = (event: Event) =>
    Object.fromEntries(
      record(event)
        .counters.filter(({ family }) => family === 's3_operations_total')
        .map(({ labels, value }) => [labels['result'], value]),
    );

  it('creates the series of all results of an operation and bucket together, at 0', () => {
    expect(resultsOf(finished())).toEqual({ success: 1, error: 0, circuit_open: 0 });
    expect(resultsOf(finished({ result: 'error', code: 'not_found' }))).toEqual({
      success: 0,
      error: 1,
      circuit_open: 0,
    });
  });

  it('counts a refusal without a duration; all its other series start at 0', () => {
    const { counters, histograms, gauges } = record(finished({ result: 'circuit_open', code: 'circuit_open' }));
    expect(counters.find(({ labels }) => labels['result'] === 'circuit_open')?.value).toBe(1);
    expect(counters.find(({ family }) => family === DEFINITIONS.bytes.name)?.value).toBe(0);
    expect(histograms).toMatchObject([{ labels: { operation: 'put_object', bucket: 'b' }, sum: 0 }]);
    expect(new Set(histograms[0]?.counts)).toEqual(new Set([0]));
    expect(gauges.map(({ family }) => family)).toEqual(['breakwater_metrics_written_timestamp_seconds']);
  });

  it('does not count an interrupted operation', () => {
    const recorder = new MetricsRecorder({ now: () => NOW_MS });
    recorder.read(finished({ result: 'interrupted', code: 'interrupted' }));
    expect(recorder.isEmpty).toBe(true);
  });

  it('keeps the time and the bytes of successes only', () => {
    expect(record(finished()).gauges).toContainEqual({
      family: 's3_last_success_timestamp_seconds',
      labels: { operation: 'put_object', bucket: 'b' },
      value: NOW_MS / 1000,
    });
    const bytes = (event: Event) =>
      record(event).counters.find(({ family }) => family === DEFINITIONS.bytes.name)?.value;
    expect([bytes(finished()), bytes(finished({ result: 'error', code: 'unavailable' }))]).toEqual([7, 0]);
  });

  it.each([
    [1, '1'],
    [3, '3'],
    [9, '9'],
    [10, '10+'],
    [57, '10+'],
  ])('counts retry %d as attempt %s', (retry, attempt) => {
    const failure = { code: 'SlowDown', message: '', httpStatus: 503, requestId: null };
    const { counters } = record({
      kind: 'retry_scheduled',
      operation: 'get_object',
      bucket: 'b',
      retry,
      retries: 99,
      delayMs: 1,
      failure,
    });
    expect(counters).toEqual([
      { family: 's3_retry_attempts_total', labels: { operation: 'get_object', attempt }, value: 1 },
    ]);
  });

  it('sums refusals by circuit and epoch, for "refused since it opened"', () => {
    const refused = (epoch: number): Event => ({
      kind: 'circuit_refused',
      refusal: refusalOf({ circuit: 'c', refusedBy: 'c', epoch }),
    });
    expect(record(refused(1), refused(1), refused(3)).refusals).toEqual([
      { circuit: 'c', epoch: 1, count: 2 },
      { circuit: 'c', epoch: 3, count: 1 },
    ]);
  });

  it('counts the objects of a sweep by result', () => {
    const swept = {
      kind: 'objects_swept',
      bucket: 'b',
      matched: 6,
      deleted: 3,
      changed: 2,
      failed: 1,
      bytes: 30,
    } as const;
    expect(record(swept, swept).counters).toEqual(
      expect.arrayContaining([
        { family: 's3_sweep_matched_objects_total', labels: { bucket: 'b' }, value: 12 },
        { family: 's3_sweep_objects_total', labels: { bucket: 'b', result: 'deleted' }, value: 6 },
        { family: 's3_sweep_objects_total', labels: { bucket: 'b', result: 'changed' }, value: 4 },
        { family: 's3_sweep_objects_total', labels: { bucket: 'b', result: 'failed' }, value: 2 },
        { family: 's3_sweep_freed_bytes_total', labels: { bucket: 'b' }, value: 60 },
      ]),
    );
  });

  it('records when a sweep completed and when metrics were added', () => {
    const gauges = record({ kind: 'sweep_finished', bucket: 'b', deleted: 0, failed: 0 }).gauges;
    expect(gauges).toEqual([
      { family: 's3_sweep_last_success_timestamp_seconds', labels: { bucket: 'b' }, value: NOW_MS / 1000 },
      { family: 'breakwater_metrics_written_timestamp_seconds', labels: {}, value: NOW_MS / 1000 },
    ]);
  });

  it('keeps everything until it is cleared', () => {
    const recorder = new MetricsRecorder({ now: () => NOW_MS });
    recorder.read(finished());
    expect(recorder.peek()).toEqual(recorder.peek());
    expect(recorder.peek().histograms).toHaveLength(1);
    recorder.clear();
    expect(recorder.isEmpty).toBe(true);
    expect(recorder.peek()).toEqual({ ...NOTHING, refusals: [] });
  });

  it('gives 100 buckets series of their own, known buckets first', () => {
    const deltas = record(...Array.from({ length: 5 }, (_, index) => finished({ bucket: `new-${index}` })));
    const known = new Set(Array.from({ length: BUCKETS_MAX - 2 }, (_, index) => `old-${index}`));
    const capped = capBuckets(deltas, new Set([...known, 'new-4']));
    const buckets = new Set(capped.histograms.map(({ labels }) => labels['bucket']));
    expect(buckets).toEqual(new Set(['new-0', '_other', 'new-4']));
    expect(capped.histograms.filter(({ labels }) => labels['bucket'] === '_other')).toHaveLength(3);
  });
});

describe('the text', () => {
  it("equals prom-client's own for the same observations, family by family", async () => {
    const word = fc.constantFrom('a', 'b', 'with "quotes"', 'back\\slash', 'line\nbreak');
    const observation = fc.record({
      family: fc.constantFrom(...(Object.keys(DEFINITIONS) as Family[])),
      words: fc.array(word, { minLength: 3, maxLength: 3 }),
      value: fc.oneof(fc.nat(400), fc.constantFrom(0.01, 0.025, 300), fc.double({ min: 0, max: 1e12, noNaN: true })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(observation, { minLength: 1, maxLength: 40 }), async (observations) => {
        const sums = new Sums();
        const own = createOwnMetrics();
        // What is worked out when it is printed has tests of its own.
        for (const { family, words, value } of observations.filter(({ family: name }) => !DERIVED.has(name))) {
          const labels = Object.fromEntries(DEFINITIONS[family].labels.map((label, index) => [label, words[index]!]));
          addTo(sums, { family, labels, value });
          own.add({ family, labels, value });
        }
        const text = await printMetrics(measured({ ...NOTHING, ...sums.read() }, { version: null }), 'prometheus');
        expect(text.split('\n\n').map(parseFamily)).toEqual((await own.print()).map(parseFamily));
      }),
      { numRuns: 100 },
    );
  });

  it('contains help and type of every family, even without series', async () => {
    const text = await printMetrics(measured(NOTHING), 'prometheus');
    for (const { name, type, help } of Object.values<Definition>(DEFINITIONS)) {
      expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    }
    expect(valueOf(text, 'breakwater_build_info{version="1.2.3"}')).toBe('1');
    expect(text.endsWith('\n')).toBe(true);
  });

  it('computes the state of a circuit when it is printed', async () => {
    const open = {
      ...initialRow('c@x', DEFAULT_CIRCUIT_SETTINGS),
      state: 'open' as const,
      epoch: 1,
      openedAtMs: NOW_MS,
      openForMs: 60_000,
    };
    const at = async (nowMs: number) => {
      const text = await printMetrics(
        measured(NOTHING, { circuits: [showCircuit(open, { nowMs, probeLeaseMs: 30_000 })], nowMs }),
        'prometheus',
      );
      return [
        valueOf(text, 's3_circuit_breaker_state{circuit_name="c@x"}'),
        valueOf(text, 's3_circuit_breaker_open_until_timestamp_seconds{circuit_name="c@x"}'),
      ];
    };
    expect(await at(NOW_MS + 59_999)).toEqual(['2', String(NOW_MS / 1000 + 60)]);
    expect(await at(NOW_MS + 60_000)).toEqual(['1', '0']);
  });

  it('leaves the suffix of counters out of the type in OpenMetrics, and ends with EOF', async () => {
    const { refusals: _, ...totals } = record(finished());
    const text = await printMetrics(measured(totals), 'openmetrics');
    expect(text).toContain('# TYPE s3_operations counter\n');
    expect(valueOf(text, 's3_operations_total{operation="put_object",bucket="b",result="success"}')).toBe('1');
    expect(text).not.toContain('_total_total');
    expect(text.endsWith('# EOF\n')).toBe(true);
  });

  it('has the same content as plain data', async () => {
    const { refusals: _, ...totals } = record(finished());
    const families = await metricsDocument(measured(totals));
    expect(families.map(({ name }) => name)).toEqual(Object.values(DEFINITIONS).map(({ name }) => name));
    expect(families[0]).toMatchObject({
      type: 'counter',
      series: expect.arrayContaining([
        { labels: { operation: 'put_object', bucket: 'b', result: 'success' }, value: 1 },
      ]),
    });
  });
});

const DERIVED: ReadonlySet<Family> = new Set(['circuitState', 'openUntil', 'buildInfo']);

interface Observation {
  readonly family: Family;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The labels of each family fit it, which the compiler cannot know of a family chosen at random. */
function addTo(sums: Sums, { family, labels, value }: Observation): void {
  const { type } = DEFINITIONS[family];
  if (type === 'counter') sums.count(family as 'operations', labels, value);
  else if (type === 'gauge') sums.raise(family as 'lastSuccess', labels, value);
  else {
    const durations = new DurationHistogram();
    durations.add(value);
    sums.observe(family as 'duration', labels, durations);
  }
}

/** Every family in prom-client's own hands, from the definitions alone. */
function createOwnMetrics() {
  const registry = new Registry();
  const raised = new Map<string, number>();
  const metrics = Object.fromEntries(
    Object.entries<Definition>(DEFINITIONS).map(([family, { name, type, help, labels: labelNames }]) => {
      const options = { name, help, labelNames, registers: [registry] };
      if (type === 'counter') return [family, new Counter(options)];
      if (type === 'histogram') return [family, new Histogram({ ...options, buckets: [...DURATION_BOUNDS_S] })];
      return [family, new Gauge(options)];
    }),
  );
  return {
    add: ({ family, labels, value }: Observation): void => {
      const metric = metrics[family];
      if (metric instanceof Counter) metric.inc(labels, value);
      else if (metric instanceof Histogram) metric.observe(labels, value);
      else {
        const key = JSON.stringify([family, labels]);
        raised.set(key, Math.max(raised.get(key) ?? value, value));
        metric?.set(labels, raised.get(key)!);
      }
    },
    print: async (): Promise<readonly string[]> => {
      const text = (await registry.metrics()).split('\n\n');
      // It shows a gauge without labels at 0 before anything is known of it.
      const isUnknown = ![...raised.keys()].some((key) => key.startsWith('["written"'));
      return text.map((family) => (isUnknown ? family.replace(/^breakwater_metrics_written\S+ 0$/m, '') : family));
    },
  };
}

/** The lines of one family with their labels in one order: order means nothing to Prometheus. */
function parseFamily(text: string): readonly string[] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.replace(/\{(.*)\}/, (_, labels: string) => `{${labels.split(',').toSorted().join(',')}}`))
    .toSorted();
}
