import type { EventSink } from '../../events.ts';
import type { CommandRun } from '../command-run.ts';
import { startJobReport } from './job-report.ts';
import { startMetricsFlush } from './metrics-flush.ts';
import { endMetrics } from './metrics-outlets.ts';
import { OPERATIONS, type OperationName } from '../../operations.ts';

export interface Recorders {
  readonly read: EventSink;
  /** For when the command ends; the last goes first. */
  readonly closers: readonly (() => Promise<void>)[];
}

/** What is kept of a command in the local state: its metrics and recent activity, and how far it is while it runs. */
export function startRecorders(run: CommandRun): Recorders {
  const { clock, emit, state: openState, reopenState, processIdentity } = run;
  const circuitOf = (operation: OperationName): string | null => findCircuit(run, operation);
  const metrics = startMetricsFlush({ clock, emit, openState, reopenState, circuitOf });
  const job = startJobReport({ clock, openState, processIdentity });
  return {
    read: (event) => {
      metrics.read(event);
      job.read(event);
    },
    closers: [async () => await endMetrics(run, metrics), job.close],
  };
}

/** The circuit whose activity an operation is. A sweep has none, whatever it lists. */
function findCircuit({ command, circuitName }: CommandRun, operation: OperationName): string | null {
  const name = command === 'sweep' ? null : OPERATIONS[operation].circuit;
  return name === null ? null : circuitName(name);
}
