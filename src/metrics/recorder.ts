import type { Refusal, Transition } from '../circuit/circuit.ts';
import type { Clock } from '../clock.ts';
import { assertNever } from '../errors.ts';
import type { Event } from '../events.ts';
import type { MetricDeltas } from '../state/state.ts';
import { OperationTally } from './operation-tally.ts';
import { Sums } from './sums.ts';

/** Buckets with their own series. All others share `_other`, so that a loop over many buckets cannot fill the file. */
export const BUCKETS_MAX = 100;
const OTHER_BUCKET = '_other';

/** Retries with their own series; later ones share the last. */
const ATTEMPTS_MAX = 10;

const STATES = ['closed', 'open', 'half_open', 'isolated'] as const;

type Swept = Extract<Event, { kind: 'objects_swept' }>;

/** Accumulates one process's metrics until they are added to the local state. */
export class MetricsRecorder {
  readonly #clock: Pick<Clock, 'now'>;
  #operations = new OperationTally();
  #sums = new Sums();
  #refusals = new Map<string, Pick<Refusal, 'circuit' | 'epoch'> & { readonly count: number }>();

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#sums.isEmpty && this.#operations.isEmpty;
  }

  readonly read = (event: Event): void => {
    switch (event.kind) {
      case 'operation_finished':
        this.#operations.add(event, this.#clock.now());
        break;
      case 'retry_scheduled': {
        const { operation, retry } = event;
        const attempt = retry < ATTEMPTS_MAX ? String(retry) : `${ATTEMPTS_MAX}+`;
        this.#sums.count('retries', { operation, attempt });
        break;
      }
      case 'circuit_changed':
        this.#change(event.transition);
        break;
      case 'circuit_refused':
        this.#refuse(event.refusal);
        break;
      case 'result_ignored':
        this.#sums.count('staleResults', { circuit_name: event.circuit });
        break;
      case 'fleet_failed':
        this.#failFleet(event);
        break;
      case 'objects_swept':
        this.#sweep(event);
        break;
      case 'sweep_finished':
        this.#sums.raise('sweepSuccess', { bucket: event.bucket }, this.#clock.now() / 1000);
        break;
      case 'operation_started':
      case 'request_started':
      case 'request_ended':
      case 'failures_counted':
      case 'attempt_failed':
      case 'transfer_started':
      case 'wait_started':
      case 'wait_ended':
      case 'bytes_moved':
      case 'deletes_adapted':
      case 'transfer_finished':
      case 'not_verified':
      case 'credentials_sought':
      case 'warning':
        break;
      default:
        assertNever(event);
    }
  };

  /** Everything since the last `clear`. */
  peek(): MetricDeltas {
    this.#operations.addTo(this.#sums);
    this.#operations = new OperationTally();
    if (!this.isEmpty) this.#sums.raise('written', {}, this.#clock.now() / 1000);
    return { ...this.#sums.read(), refusals: [...this.#refusals.values()] };
  }

  /** Restarts from 0. */
  clear(): void {
    this.#operations = new OperationTally();
    this.#sums = new Sums();
    this.#refusals = new Map();
  }

  #change({ circuit, to }: Transition): void {
    for (const state of STATES)
      this.#sums.count('transitions', { circuit_name: circuit, to: state }, state === to ? 1 : 0);
  }

  /** A call that was spared is no error, but a verdict that was lost is. */
  #failFleet({ operation, code }: Extract<Event, { kind: 'fleet_failed' }>): void {
    if (code !== 'failed_recently' || operation === 'settle') this.#sums.count('fleetErrors', { operation });
  }

  #sweep({ bucket, matched, deleted, changed, failed, bytes }: Swept): void {
    this.#sums.count('sweptMatched', { bucket }, matched);
    this.#sums.count('sweptObjects', { bucket, result: 'deleted' }, deleted);
    this.#sums.count('sweptObjects', { bucket, result: 'changed' }, changed);
    this.#sums.count('sweptObjects', { bucket, result: 'failed' }, failed);
    this.#sums.count('sweptBytes', { bucket }, bytes);
  }

  #refuse({ circuit, refusedBy, epoch, reason }: Refusal): void {
    this.#sums.count('refusals', { circuit_name: circuit, reason });
    const key = JSON.stringify([refusedBy, epoch]);
    this.#refusals.set(key, { circuit: refusedBy, epoch, count: (this.#refusals.get(key)?.count ?? 0) + 1 });
  }
}

/**
 * Renames every bucket beyond the cap.
 * @param known buckets that already have their own series
 */
export function capBuckets(deltas: MetricDeltas, known: ReadonlySet<string>): MetricDeltas {
  const kept = new Set(known);
  const rename = <Series extends { readonly labels: Readonly<Record<string, string>> }>(series: Series): Series => {
    const { bucket } = series.labels;
    if (bucket === undefined || kept.has(bucket)) return series;
    if (kept.size < BUCKETS_MAX) {
      kept.add(bucket);
      return series;
    }
    return { ...series, labels: { ...series.labels, bucket: OTHER_BUCKET } };
  };
  return {
    counters: deltas.counters.map(rename),
    gauges: deltas.gauges.map(rename),
    histograms: deltas.histograms.map(rename),
    refusals: deltas.refusals,
  };
}
