import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../clock.ts';
import type { State } from './state.ts';
import { Statements } from './statements.ts';
import { openActivityTable } from './tables/activity-table.ts';
import { openCheckpointTable } from './tables/checkpoint-table.ts';
import { openCircuitTable } from './tables/circuit-table.ts';
import { openCleanUp } from './tables/clean-up.ts';
import { openClaimTable } from './tables/claim-table.ts';
import { openJobTable } from './tables/job-table.ts';
import { openMarkTable } from './tables/mark-table.ts';
import { openMetricsTable } from './tables/metrics-table.ts';

/** The tables of one open database, and the database itself. */
export interface Tables extends Pick<
  State,
  'circuits' | 'metrics' | 'activity' | 'jobs' | 'checkpoints' | 'claims' | 'marks' | 'cleanUp'
> {
  readonly database: DatabaseSync;
}

export interface TableOptions {
  /** Limits stored times to the present. */
  readonly clock: Pick<Clock, 'now'>;
  /** As in `StateOptions`. */
  readonly readsOnceATurn?: boolean;
  /** Receives the reason why a circuit's record counts as missing. */
  readonly onUnusableRow: (reason: string) => void;
}

/** Opens every table of a database. */
export function openTables(
  database: DatabaseSync,
  { clock, readsOnceATurn = false, onUnusableRow }: TableOptions,
): Tables {
  const statements = new Statements(database, { readsOnceATurn });
  return {
    database,
    circuits: openCircuitTable(statements, onUnusableRow),
    metrics: openMetricsTable(statements, clock),
    activity: openActivityTable(statements),
    jobs: openJobTable(statements),
    checkpoints: openCheckpointTable(statements, clock),
    claims: openClaimTable(statements),
    marks: openMarkTable(statements),
    cleanUp: openCleanUp(statements),
  };
}

/** Warns about the first unusable record only. Separate from the warning about the file, which is otherwise fine. */
export function warnOfRowOnce(path: string, onWarning: (message: string) => void): (reason: string) => void {
  let hasWarned = false;
  return (reason) => {
    if (hasWarned) return;
    hasWarned = true;
    onWarning(`a circuit in ${path} is unusable and counts as closed: ${reason}`);
  };
}
