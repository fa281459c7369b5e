import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { CircuitRow } from '../circuit/circuit.ts';
import { openActivityTable } from './tables/activity-table.ts';
import { openCheckpointTable } from './tables/checkpoint-table.ts';
import { openCircuitTable } from './tables/circuit-table.ts';
import { openClaimTable } from './tables/claim-table.ts';
import { formatTime, type Clock } from '../clock.ts';
import { createFile, findFile, openDatabase, openMemory, readDataVersion, setAside } from './database.ts';
import { openJobTable } from './tables/job-table.ts';
import { openMetricsTable } from './tables/metrics-table.ts';
import type { State, StateProblem, StateStamp } from './state.ts';
import { Statements } from './statements.ts';
import { classifyStateError, describeProblem } from './state-problem.ts';

export interface StateOptions {
  /** Absolute; made with mode 0700 when something is first written. */
  readonly directory: string;
  /** Dates the name under which a corrupt file is set aside. */
  readonly clock: Pick<Clock, 'now'>;
  /** Told at most once, in a sentence, that the file cannot be used or was set aside. */
  readonly onWarning: (message: string) => void;
}

/** The name of the state file in its directory. */
export const STATE_FILE = 'state.db';

/**
 * The local state: the file, opened when it is first needed and created when something is first written; from the
 * first error about the file on, memory. Its methods throw only for bugs.
 */
export function openState({ directory, clock, onWarning }: StateOptions): State {
  const path = join(directory, STATE_FILE);
  const file = new StateFile(path, clock, onWarning);
  return {
    path,
    problem: () => file.problem,
    stamp: () => file.stamp(),
    close: () => file.close(),
    circuits: {
      read: (name) => file.use('read', ({ circuits }) => file.remember(circuits.read(name))),
      list: () => file.use('read', ({ circuits }) => circuits.list()),
      transitions: (query) => file.use('read', ({ circuits }) => circuits.transitions(query)),
      refusals: (circuit, sinceEpoch) => file.use('read', ({ circuits }) => circuits.refusals(circuit, sinceEpoch)),
      update: (name, change) =>
        file.use('write', ({ circuits }) =>
          circuits.update(name, (stored) => {
            const changed = change(stored);
            file.remember(changed.row);
            return changed;
          }),
        ),
    },
    metrics: {
      add: (makeDeltas) => file.use('write', ({ metrics }) => metrics.add(makeDeltas)),
      read: () => file.use('read', ({ metrics }) => metrics.read()),
      clear: () => file.use('write', ({ metrics }) => metrics.clear()),
    },
    activity: {
      add: (slots, nowMs) => file.use('write', ({ activity }) => activity.add(slots, nowMs)),
      read: (sinceMs) => file.use('read', ({ activity }) => activity.read(sinceMs)),
    },
    jobs: {
      put: (job) => file.use('write', ({ jobs }) => jobs.put(job)),
      remove: (id) => file.use('write', ({ jobs }) => jobs.remove(id)),
      list: () => file.use('read', ({ jobs }) => jobs.list()),
    },
    checkpoints: {
      read: (kind, id) => file.use('read', ({ checkpoints }) => checkpoints.read(kind, id)),
      list: (kind) => file.use('read', ({ checkpoints }) => checkpoints.list(kind)),
      save: (checkpoint) => file.use('write', ({ checkpoints }) => checkpoints.save(checkpoint)),
      remove: (kind, id) => file.use('write', ({ checkpoints }) => checkpoints.remove(kind, id)),
    },
    claims: {
      take: (name, claimant) => file.use('write', ({ claims }) => claims.take(name, claimant)),
      renew: (name, claimant) => file.use('write', ({ claims }) => claims.renew(name, claimant)),
      release: (name, process) => file.use('write', ({ claims }) => claims.release(name, process)),
    },
  };
}

interface Tables extends Pick<State, 'circuits' | 'metrics' | 'activity' | 'jobs' | 'checkpoints' | 'claims'> {
  readonly database: DatabaseSync;
}

class StateFile {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #onWarning: (message: string) => void;
  /** The circuits as this process last knew them, so that memory goes on where the file ended. */
  readonly #lastSeen = new Map<string, CircuitRow>();
  #opened: Tables | null = null;
  /** Of the file that was opened; another process may have put a new one in its place since. */
  #inode: number | null = null;
  #memory: Tables | null = null;
  #problem: StateProblem | null = null;
  #hasWarned = false;

  constructor(path: string, clock: Pick<Clock, 'now'>, onWarning: (message: string) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#onWarning = onWarning;
  }

  get problem(): StateProblem | null {
    return this.#problem;
  }

  stamp(): StateStamp {
    try {
      const found = findFile(this.#path);
      const file = found === null ? null : `${found.inode} ${found.madeAtMs}`;
      return { file, version: this.#opened === null ? null : readDataVersion(this.#opened.database) };
    } catch {
      // What cannot be looked at cannot be told apart either; reading it will say why.
      return { file: null, version: null };
    }
  }

  /** Works on the file, or in memory where the file is missing (reads only) or cannot be used. */
  use<T>(kind: 'read' | 'write', work: (tables: Tables) => T): T {
    if (this.#problem !== null && !(this.#problem === 'corrupt' && kind === 'write')) return work(this.#inMemory());
    try {
      return work(this.#open(kind));
    } catch (error) {
      const problem = classifyStateError(error);
      if (problem === null) throw error;
      return problem === 'corrupt' ? this.#useCorrupt(kind, work) : this.#fallBack(problem, work);
    }
  }

  remember(row: CircuitRow | undefined): CircuitRow | undefined {
    if (row !== undefined) this.#lastSeen.set(row.name, row);
    return row;
  }

  close(): void {
    // A reader changes nothing, so it has left a corrupt file where it is; the user hears of it all the same.
    if (this.#problem === 'corrupt') this.#warn(describeProblem('corrupt', this.#path));
    this.#opened?.database.close();
    this.#memory?.database.close();
    this.#opened = null;
    this.#memory = null;
  }

  #open(kind: 'read' | 'write'): Tables {
    if (this.#opened !== null) return this.#opened;
    if (kind === 'write') createFile(this.#path);
    const file = findFile(this.#path);
    if (file === null && kind === 'read') return this.#inMemory();
    this.#inode = file?.inode ?? null;
    this.#opened = openTables(openDatabase(this.#path));
    return this.#opened;
  }

  /** Only who writes sets a corrupt file aside, once, and begins a new one. */
  #useCorrupt<T>(kind: 'read' | 'write', work: (tables: Tables) => T): T {
    if (kind === 'read' || this.#hasWarned) {
      this.#problem = 'corrupt';
      return work(this.#inMemory());
    }
    try {
      this.#opened?.database.close();
      this.#opened = null;
      const suffix = `.corrupt-${formatTime(this.#clock.now()).replaceAll(':', '-')}`;
      if (this.#inode !== null) setAside(this.#path, { inode: this.#inode, suffix });
      this.#warn(
        `the state file ${this.#path} was corrupt; it is kept as ${this.#path}${suffix}, and a new one is begun`,
      );
      const result = work(this.#open('write'));
      this.#problem = null;
      return result;
    } catch (error) {
      const problem = classifyStateError(error);
      if (problem === null) throw error;
      return this.#fallBack(problem, work);
    }
  }

  #fallBack<T>(problem: StateProblem, work: (tables: Tables) => T): T {
    this.#problem = problem;
    this.#warn(describeProblem(problem, this.#path));
    this.#memory?.database.close();
    this.#memory = null;
    return work(this.#inMemory());
  }

  #inMemory(): Tables {
    if (this.#memory !== null) return this.#memory;
    this.#memory = openTables(openMemory());
    for (const row of this.#lastSeen.values()) {
      this.#memory.circuits.update(row.name, () => ({ row, transitions: [], result: undefined }));
    }
    return this.#memory;
  }

  #warn(message: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#onWarning(message);
  }
}

function openTables(database: DatabaseSync): Tables {
  const statements = new Statements(database);
  return {
    database,
    circuits: openCircuitTable(statements),
    metrics: openMetricsTable(statements),
    activity: openActivityTable(statements),
    jobs: openJobTable(statements),
    checkpoints: openCheckpointTable(statements),
    claims: openClaimTable(statements),
  };
}
