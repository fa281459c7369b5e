/** A family of metrics. Names and labels are a contract: scripts, alert rules and dashboards depend on them. */
export interface Definition {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One full sentence. */
  readonly help: string;
  readonly labels: readonly string[];
}

/** Upper bounds of the duration buckets, in s: healthy calls, retry delays of 1 + 2 + 4 s, large transfers. */
export const DURATION_BOUNDS_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] as const;

/** Every family, in output order. The recorder, the output and docs/metrics.md follow this list. */
export const DEFINITIONS = {
  operations: {
    name: 's3_operations_total',
    type: 'counter',
    help: 'Counts operations by result; an operation includes its retries, and circuit_open was refused without a request.',
    labels: ['operation', 'bucket', 'result'],
  },
  duration: {
    name: 's3_operation_duration_seconds',
    type: 'histogram',
    help: 'Measures how long operations take, including retries and waits; refused operations are not included.',
    labels: ['operation', 'bucket'],
  },
  circuitState: {
    name: 's3_circuit_breaker_state',
    type: 'gauge',
    help: 'Shows the circuit as a call arriving now would find it: 0 is closed, 1 half-open, 2 open.',
    labels: ['circuit_name'],
  },
  retries: {
    name: 's3_retry_attempts_total',
    type: 'counter',
    help: 'Counts retries by number; 1 is the first retry of an operation.',
    labels: ['operation', 'attempt'],
  },
  errors: {
    name: 's3_operation_errors_total',
    type: 'counter',
    help: 'Counts operations that ended with an error, by error code.',
    labels: ['operation', 'code'],
  },
  bytes: {
    name: 's3_transferred_bytes_total',
    type: 'counter',
    help: 'Counts the object bytes that successful operations transferred.',
    labels: ['operation', 'bucket'],
  },
  lastSuccess: {
    name: 's3_last_success_timestamp_seconds',
    type: 'gauge',
    help: 'Shows when an operation last succeeded.',
    labels: ['operation', 'bucket'],
  },
  transitions: {
    name: 's3_circuit_breaker_transitions_total',
    type: 'counter',
    help: 'Counts the state changes of a circuit by the new state.',
    labels: ['circuit_name', 'to'],
  },
  refusals: {
    name: 's3_circuit_breaker_refusals_total',
    type: 'counter',
    help: 'Counts the calls that a circuit refused, by reason.',
    labels: ['circuit_name', 'reason'],
  },
  staleResults: {
    name: 's3_circuit_breaker_stale_results_total',
    type: 'counter',
    help: 'Counts results that were ignored because the circuit had changed since the call.',
    labels: ['circuit_name'],
  },
  openUntil: {
    name: 's3_circuit_breaker_open_until_timestamp_seconds',
    type: 'gauge',
    help: 'Shows when a circuit that refuses calls will admit the next one; 0 if it refuses none or has no end time.',
    labels: ['circuit_name'],
  },
  fleetErrors: {
    name: 'breakwater_fleet_errors_total',
    type: 'counter',
    help: 'Counts the calls to the engine of a fleet that failed, by what they were for; a lost settle is a verdict that other hosts did not get.',
    labels: ['operation'],
  },
  sweptMatched: {
    name: 's3_sweep_matched_objects_total',
    type: 'counter',
    help: 'Counts the objects that sweeps tried to delete.',
    labels: ['bucket'],
  },
  sweptObjects: {
    name: 's3_sweep_objects_total',
    type: 'counter',
    help: 'Counts the objects that sweeps deleted, left alone because they had changed, or failed to delete.',
    labels: ['bucket', 'result'],
  },
  sweptBytes: {
    name: 's3_sweep_freed_bytes_total',
    type: 'counter',
    help: 'Counts the bytes of the objects that sweeps deleted.',
    labels: ['bucket'],
  },
  sweepSuccess: {
    name: 's3_sweep_last_success_timestamp_seconds',
    type: 'gauge',
    help: 'Shows when a sweep last completed its whole listing.',
    labels: ['bucket'],
  },
  written: {
    name: 'breakwater_metrics_written_timestamp_seconds',
    type: 'gauge',
    help: 'Shows when a command last added its measurements.',
    labels: [],
  },
  buildInfo: {
    name: 'breakwater_build_info',
    type: 'gauge',
    help: 'Is always 1 and carries the version that printed it.',
    labels: ['version'],
  },
} as const satisfies Readonly<Record<string, Definition>>;

export type Family = keyof typeof DEFINITIONS;
