/** One family of metrics. Names and labels are a contract: scripts, alert rules and dashboards rest on them. */
export interface Definition {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One sentence, without a final stop. */
  readonly help: string;
  readonly labels: readonly string[];
}

/** Upper bounds of the duration's buckets, in s: a blip, a healthy call, the retries' 1 + 2 + 4 s, and big transfers. */
export const DURATION_BOUNDS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] as const;

/** Every family there is, in the order they are printed. The one list: recorder, output and docs/metrics.md follow it. */
export const DEFINITIONS = {
  operations: {
    name: 's3_operations_total',
    type: 'counter',
    help: 'Operations by result, retries included; circuit_open was refused without a request',
    labels: ['operation', 'bucket', 'result'],
  },
  duration: {
    name: 's3_operation_duration_seconds',
    type: 'histogram',
    help: 'Duration of operations with their retries and waits; refused ones are not in it',
    labels: ['operation', 'bucket'],
  },
  circuitState: {
    name: 's3_circuit_breaker_state',
    type: 'gauge',
    help: 'What an arriving request would meet: 0 closed, 1 half-open, 2 open',
    labels: ['circuit_name'],
  },
  retries: {
    name: 's3_retry_attempts_total',
    type: 'counter',
    help: 'Retries by number; 1 is the first retry',
    labels: ['operation', 'attempt'],
  },
  errors: {
    name: 's3_operation_errors_total',
    type: 'counter',
    help: 'Operations that ended in an error, by its code',
    labels: ['operation', 'code'],
  },
  bytes: {
    name: 's3_transferred_bytes_total',
    type: 'counter',
    help: 'Bytes of objects moved by successful operations',
    labels: ['operation', 'bucket'],
  },
  lastSuccess: {
    name: 's3_last_success_timestamp_seconds',
    type: 'gauge',
    help: 'When an operation last succeeded',
    labels: ['operation', 'bucket'],
  },
  transitions: {
    name: 's3_circuit_breaker_transitions_total',
    type: 'counter',
    help: 'Changes of state of a circuit, by the state it changed to',
    labels: ['circuit_name', 'to'],
  },
  refusals: {
    name: 's3_circuit_breaker_refusals_total',
    type: 'counter',
    help: 'Calls that a circuit refused, by reason',
    labels: ['circuit_name', 'reason'],
  },
  staleResults: {
    name: 's3_circuit_breaker_stale_results_total',
    type: 'counter',
    help: 'Results that came too late to count, because the circuit had changed since',
    labels: ['circuit_name'],
  },
  openUntil: {
    name: 's3_circuit_breaker_open_until_timestamp_seconds',
    type: 'gauge',
    help: 'When a circuit that refuses calls lets the next one through; 0 where it refuses none or has no end',
    labels: ['circuit_name'],
  },
  sweptMatched: {
    name: 's3_sweep_matched_objects_total',
    type: 'counter',
    help: 'Objects that sweeps set out to delete',
    labels: ['bucket'],
  },
  sweptObjects: {
    name: 's3_sweep_objects_total',
    type: 'counter',
    help: 'Objects that sweeps deleted, left alone because they had changed, or failed to delete',
    labels: ['bucket', 'result'],
  },
  sweptBytes: {
    name: 's3_sweep_freed_bytes_total',
    type: 'counter',
    help: 'Bytes of the objects that sweeps deleted',
    labels: ['bucket'],
  },
  sweepSuccess: {
    name: 's3_sweep_last_success_timestamp_seconds',
    type: 'gauge',
    help: 'When a sweep last went through its whole listing',
    labels: ['bucket'],
  },
  written: {
    name: 'breakwater_metrics_written_timestamp_seconds',
    type: 'gauge',
    help: 'When a command last added what it had measured',
    labels: [],
  },
  buildInfo: {
    name: 'breakwater_build_info',
    type: 'gauge',
    help: 'Always 1; the version that printed this',
    labels: ['version'],
  },
} as const satisfies Readonly<Record<string, Definition>>;

export type Family = keyof typeof DEFINITIONS;
