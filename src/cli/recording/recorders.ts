import type { EventSink } from '../../events.ts';
import type { CommandRun } from '../command-run.ts';
import { startJobReport } from './job-report.ts';
import { startMetricsFlush } from './metrics-flush.ts';
import { endMetrics } from './metrics-outlets.ts';
import { OPERATIONS, type OperationName } from '../../operations.ts';

export interface Recorders {
  readonly read: EventSink;
  /** Called when the command ends, in reverse order. */
  readonly closers: readonly (() => Promise<void>)[];
}

/** Records a command in the local state: its metrics, its recent activity, and its progress while it runs. */
export function startRecorders(run: CommandRun): Recorders {
  const { clock, emit, state, reopenState } = run;
  const metrics = startMetricsFlush({
    clock,
    emit,
    state,
    reopenState,
    circuitOf: (operation) => findCircuit(run, operation),
  });
  const job = startJobReport(run);
  return {
    read: (event) => {
      metrics.read(event);
      job.read(event);
    },
    closers: [async () => await endMetrics(run, metrics), job.close],
  };
}

/** The circuit that an operation counts for. A sweep has none. */
function findCircuit({ command, circuitName }: CommandRun, operation: OperationName): string | null {
  const name = command === 'sweep' ? null : OPERATIONS[operation].circuit;
  return name === null ? null : circuitName(name);
}
