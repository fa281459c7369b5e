import { join } from 'node:path';
import type { CircuitRow } from '../circuit/circuit.ts';
import { formatTime, type Clock } from '../clock.ts';
import {
  createFile,
  findFile,
  openDatabase,
  openForReading,
  openMemory,
  readDataVersion,
  setAside,
  type FoundFile,
} from './database.ts';
import type { StateProblem, StateStamp } from './state.ts';
import { openTables, warnOfRowOnce, type TableOptions, type Tables } from './open-tables.ts';
import { classifyStateError, formatProblem, StateUnusable } from './state-problem.ts';

export interface StateOptions {
  /** Absolute; created with mode 0700 by the first write. */
  readonly directory: string;
  /** Timestamps the name of a corrupt file that is renamed, and limits stored times to the present. */
  readonly clock: Pick<Clock, 'now'>;
  /**
   * Reads a circuit that this process has not changed at most once a turn of the event loop. A change is still made to
   * the row of its moment, and what other processes have changed is seen in the next turn.
   * @default false
   */
  readonly readsOnceATurn?: boolean;
  /** Receives at most one warning about a record and one about the file (unusable, or corrupt and renamed). */
  readonly onWarning: (message: string) => void;
}

/** The name of the state file in its directory. */
export const STATE_FILE = 'state.db';

/** Problems that prevent writing only. */
const READABLE: ReadonlySet<StateProblem> = new Set(['unwritable', 'full', 'locked']);

export type Access = 'read' | 'write';

/** The tables in the file, or in memory if the file cannot be used. */
export class StateFile {
  readonly path: string;
  /** Why the file cannot be used; null while it can. */
  problem: StateProblem | null = null;
  readonly #options: StateOptions;
  /** The circuits as this process last saw them. If the file fails, the in-memory state starts from them. */
  readonly #lastSeen = new Map<string, CircuitRow>();
  #opened: Tables | null = null;
  /** Set when the file could be opened only for reading; null if it is open for writing. */
  #readOnly: { readonly isImmutable: boolean } | null = null;
  /** Of the open file. Another process may have replaced the file at the path since. */
  #inode: number | null = null;
  #memory: Tables | null = null;
  #hasWarned = false;
  readonly #tableOptions: TableOptions;

  constructor(options: StateOptions) {
    this.path = join(options.directory, STATE_FILE);
    this.#options = options;
    this.#tableOptions = { ...options, onUnusableRow: warnOfRowOnce(this.path, options.onWarning) };
  }

  stamp(): StateStamp {
    try {
      const found = findFile(this.path);
      const file = found === null ? null : this.#identify(found);
      return { file, version: this.#opened === null ? null : readDataVersion(this.#opened.database) };
    } catch {
      // The next read will report the error.
      return { file: null, version: null };
    }
  }

  /** Works on the file, or in memory if the file is missing (reads only) or cannot be used. */
  use<T>(access: Access, work: (tables: Tables) => T): T {
    if (this.problem !== null && !(this.problem === 'corrupt' && access === 'write')) return work(this.#inMemory());
    try {
      return work(this.#open(access));
    } catch (error) {
      return classifyStateError(error) === 'corrupt' ? this.#useCorrupt(access, work) : this.#fallBack(error, work);
    }
  }

  remember(row: CircuitRow | undefined): CircuitRow | undefined {
    if (row !== undefined) this.#lastSeen.set(row.name, row);
    return row;
  }

  close(): void {
    // A process that only reads leaves a corrupt file in place, but still warns the user.
    if (this.problem === 'corrupt') this.#warn(formatProblem('corrupt', this.path));
    this.#opened?.database.close();
    this.#memory?.database.close();
    this.#opened = null;
    this.#memory = null;
  }

  #open(access: Access): Tables {
    if (this.#opened !== null && (access === 'read' || this.#readOnly === null)) return this.#opened;
    if (access === 'write') createFile(this.path);
    const file = findFile(this.path);
    if (file === null && access === 'read') return this.#inMemory();
    this.#inode = file?.inode ?? null;
    try {
      const writable = openTables(openDatabase(this.path), this.#tableOptions);
      this.#opened?.database.close();
      this.#opened = writable;
      this.#readOnly = null;
    } catch (error) {
      if (access === 'write') throw error;
      this.#opened = this.#openForReading(error);
    }
    return this.#opened;
  }

  /** If nothing can be written, stored data can still be read. */
  #openForReading(reason: unknown): Tables {
    const problem = classifyStateError(reason);
    if (problem !== 'unwritable' && problem !== 'full') throw reason;
    try {
      const { database, isImmutable } = openForReading(this.path);
      this.#readOnly = { isImmutable };
      return openTables(database, this.#tableOptions);
    } catch {
      throw reason;
    }
  }

  /** An immutable connection sees no changes, so the stamp includes the file's time and size. */
  #identify({ inode, madeAtMs, changedAtMs, sizeBytes }: FoundFile): string {
    const identity = `${inode} ${madeAtMs}`;
    return this.#readOnly?.isImmutable === true ? `${identity} ${changedAtMs} ${sizeBytes}` : identity;
  }

  /** Only a write renames a corrupt file and starts a new one, and only once. */
  #useCorrupt<T>(access: Access, work: (tables: Tables) => T): T {
    if (access === 'read' || this.#hasWarned) {
      this.problem = 'corrupt';
      return work(this.#inMemory());
    }
    try {
      const readable = this.#readCircuits();
      this.#opened?.database.close();
      this.#opened = null;
      const suffix = `.corrupt-${formatTime(this.#options.clock.now()).replaceAll(':', '-')}`;
      if (this.#inode !== null) setAside(this.path, { inode: this.#inode, suffix });
      this.#warn(`the state file ${this.path} was corrupt; it is now ${this.path}${suffix}, and a new one was started`);
      const tables = this.#open('write');
      for (const row of readable) {
        tables.circuits.update(row.name, (stored) => ({ row: stored ?? row, transitions: [], result: undefined }));
      }
      const result = work(tables);
      this.problem = null;
      return result;
    } catch (error) {
      return this.#fallBack(error, work);
    }
  }

  /** The circuits that can still be read: another table that is damaged must not end an isolation. */
  #readCircuits(): readonly CircuitRow[] {
    try {
      return this.#opened?.circuits.list() ?? [];
    } catch {
      return [];
    }
  }

  #fallBack<T>(error: unknown, work: (tables: Tables) => T): T {
    const problem = classifyStateError(error);
    if (problem === null) throw error;
    if (READABLE.has(problem)) this.#rememberStored();
    this.problem = problem;
    this.#warn(formatProblem(problem, this.path, error));
    this.#memory?.database.close();
    this.#memory = null;
    return work(this.#inMemory());
  }

  /** The in-memory state continues from the stored one: an isolated circuit stays isolated on a full disk. */
  #rememberStored(): void {
    try {
      this.#opened ??= this.#openForReading(new StateUnusable('unwritable'));
    } catch {
      // Unreadable, so only the rows seen earlier are kept.
    }
    for (const row of this.#readCircuits()) this.remember(row);
  }

  #inMemory(): Tables {
    if (this.#memory !== null) return this.#memory;
    this.#memory = openTables(openMemory(), { ...this.#tableOptions, onUnusableRow: () => undefined });
    for (const row of this.#lastSeen.values()) {
      this.#memory.circuits.update(row.name, () => ({ row, transitions: [], result: undefined }));
    }
    return this.#memory;
  }

  #warn(message: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#options.onWarning(message);
  }
}
