import type { Clock } from '../../clock.ts';
import { latestStoredTime } from '../../stored-time.ts';
import { CorruptRow, Fields, parseUsable } from './columns.ts';
import type { CounterSeries, HistogramSeries, Labels, MetricDeltas, MetricsStore } from '../state.ts';
import { type Statements, inTransaction } from '../statements.ts';

const ADD_COUNTER = `
  INSERT INTO counters (family, labels, value) VALUES (:family, :labels, :value)
  ON CONFLICT DO UPDATE SET value = value + excluded.value`;
const RAISE_GAUGE = `
  INSERT INTO gauges (family, labels, value) VALUES (:family, :labels, min(:value, :latest))
  ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`;
/** Gauges are times, in seconds. A time in the future would hide every later success. */
const LIMIT_GAUGES = 'UPDATE gauges SET value = :latest WHERE value > :latest';
const SELECT_HISTOGRAM = 'SELECT * FROM histograms WHERE family = ? AND labels = ?';
const REPLACE_HISTOGRAM = `
  INSERT OR REPLACE INTO histograms (family, labels, bounds, counts, sum)
  VALUES (:family, :labels, :bounds, :counts, :sum)`;
const ADD_REFUSALS = `
  INSERT INTO refusals (circuit, epoch, count) VALUES (:circuit, :epoch, :count)
  ON CONFLICT DO UPDATE SET count = count + excluded.count`;
const DROP_OLD_REFUSALS = 'DELETE FROM refusals WHERE circuit = ? AND epoch < ?';
const SELECT_BUCKETS = `
  SELECT DISTINCT labels ->> '$.bucket' AS bucket FROM counters
  WHERE CASE WHEN json_valid(labels) THEN json_type(labels, '$.bucket') = 'text' END`;

const SELECT_REVISION = `SELECT coalesce(max(value), 0) AS revision FROM marks WHERE name = 'metrics'`;
const NEXT_REVISION = `
  INSERT INTO marks (name, value, set_at_ms) VALUES ('metrics', 1, 0) ON CONFLICT DO UPDATE SET value = value + 1`;

/** Number of epochs whose refusals are kept per circuit. Only the latest outage is shown. */
const REFUSAL_EPOCHS_KEPT = 1000;

/** The totals of the metrics in an open database. Its methods throw what the database throws. */
export function openMetricsTable(statements: Statements, clock: Pick<Clock, 'now'>): MetricsStore {
  const latestSeconds = (): number => latestStoredTime(clock.now()) / 1000;
  return {
    add: (makeDeltas) =>
      inTransaction(statements, 'write', () => {
        addAll(statements, { ...makeDeltas(readBuckets(statements)), latest: latestSeconds() });
        statements.prepare(NEXT_REVISION).run();
      }),
    read: () => {
      limitGauges(statements, latestSeconds());
      return inTransaction(statements, 'read', () => ({
        counters: readValues(statements, 'counters'),
        gauges: readValues(statements, 'gauges').map((gauge) => ({
          ...gauge,
          value: Math.min(gauge.value, latestSeconds()),
        })),
        histograms: selectOf(statements, 'histograms').flatMap((record) => parseUsable(record, parseHistogram)),
      }));
    },
    revision: () => new Fields(statements.prepare(SELECT_REVISION).get()).whole('revision'),
    clear: () =>
      inTransaction(statements, 'write', () => {
        statements.database.exec('DELETE FROM counters; DELETE FROM gauges; DELETE FROM histograms;');
        statements.prepare(NEXT_REVISION).run();
      }),
  };
}

interface TimedDeltas extends MetricDeltas {
  /** The latest time that a gauge may have, in seconds. */
  readonly latest: number;
}

/**
 * Corrects stored times in the future, left by a wrong clock; otherwise every reader would report its own time. If the
 * write fails, for example because another process is writing, a later reader tries again.
 */
function limitGauges(statements: Statements, latest: number): void {
  if (statements.prepare('SELECT 1 FROM gauges WHERE value > ?').get(latest) === undefined) return;
  try {
    statements.prepare(LIMIT_GAUGES).run({ latest });
  } catch {}
}

function addAll(statements: Statements, { counters, gauges, histograms, refusals, latest }: TimedDeltas): void {
  statements.prepare(LIMIT_GAUGES).run({ latest });
  for (const { family, labels, value } of counters) {
    statements.prepare(ADD_COUNTER).run({ family, labels: encodeLabels(labels), value });
  }
  for (const { family, labels, value } of gauges) {
    statements.prepare(RAISE_GAUGE).run({ family, labels: encodeLabels(labels), value, latest });
  }
  for (const histogram of histograms) addHistogram(statements, histogram);
  for (const { circuit, epoch, count } of refusals) {
    statements.prepare(ADD_REFUSALS).run({ circuit, epoch, count });
    statements.prepare(DROP_OLD_REFUSALS).run(circuit, epoch - REFUSAL_EPOCHS_KEPT);
  }
}

/** If another version stored different bounds, the series restarts from 0. */
function addHistogram(statements: Statements, delta: HistogramSeries): void {
  const { family, bounds } = delta;
  const labels = encodeLabels(delta.labels);
  const [stored] = parseUsable(statements.prepare(SELECT_HISTOGRAM).get(family, labels), parseHistogram);
  const sum = JSON.stringify(stored?.bounds) === JSON.stringify(bounds) ? stored : undefined;
  statements.prepare(REPLACE_HISTOGRAM).run({
    family,
    labels,
    bounds: JSON.stringify(bounds),
    counts: JSON.stringify(delta.counts.map((count, index) => count + (sum?.counts[index] ?? 0))),
    sum: delta.sum + (sum?.sum ?? 0),
  });
}

function readBuckets(statements: Statements): ReadonlySet<string> {
  return new Set(
    statements
      .prepare(SELECT_BUCKETS)
      .all()
      .map((record) => new Fields(record).text('bucket')),
  );
}

function readValues(statements: Statements, table: 'counters' | 'gauges'): readonly CounterSeries[] {
  return selectOf(statements, table).flatMap((record) => parseUsable(record, parseValue));
}

function parseValue(record: unknown): CounterSeries {
  const fields = new Fields(record);
  return { family: fields.text('family'), labels: fields.jsonTexts('labels'), value: fields.number('value') };
}

function selectOf(statements: Statements, table: 'counters' | 'gauges' | 'histograms'): readonly unknown[] {
  return statements.prepare(`SELECT * FROM ${table} ORDER BY family, labels`).all();
}

function parseHistogram(record: unknown): HistogramSeries {
  const fields = new Fields(record);
  const bounds = fields.jsonNumbers('bounds');
  const counts = fields.jsonNumbers('counts');
  if (counts.length !== bounds.length + 1)
    throw new CorruptRow('a stored histogram does not have one count per bucket');
  return {
    family: fields.text('family'),
    labels: fields.jsonTexts('labels'),
    bounds,
    counts,
    sum: fields.number('sum'),
  };
}

/** The same text for the same labels in any order. */
function encodeLabels(labels: Labels): string {
  return JSON.stringify(Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}
