import type { StateProblem } from '../../state/state.ts';
import type { StateTrouble } from '../../state/try-state.ts';
import { failed, ok, warning, type Finding } from './check.ts';

/** What was seen of the state directory. */
export interface StateFacts {
  readonly directory: string;
  /** The kind of its file system, such as `ext4`; null if the system does not tell. */
  readonly fileSystem: string | null;
  readonly isOnNetwork: boolean;
  /** Whether the directory is there. */
  readonly isThere: boolean;
  /** Why no state file can be made in the directory; null if one can. */
  readonly directoryTrouble: StateTrouble | null;
  /** Why the state file cannot be used, though it is there. */
  readonly fileTrouble: StateTrouble | null;
  /** For all users but root, in bytes; null if unknown. */
  readonly freeBytes: number | null;
  /** How many more files the file system takes; null if unknown. */
  readonly freeFiles: number | null;
  /** Whether a process may open enough files for it. */
  readonly hasDescriptors: boolean;
}

/** A year of runs needs less; SQLite needs room for its log, too. */
const ROOM_BYTES = 16 * 1024 * 1024;
/** The directory, and SQLite's database, log and index, for two that start at once. */
const ROOM_FILES = 8;

const IN_MEMORY = 'circuits and metrics would be in memory only, for each command by itself';
const OTHER = 'choose another directory with --state-dir';

type Why = readonly [code: 'local_create' | 'local_io' | 'config', what: string, hint: string, reason: string];

/** Whether commands find and keep their state there. */
export function judgeState(state: StateFacts): Finding {
  const { directory, fileSystem, isOnNetwork, isThere, freeBytes, freeFiles } = state;
  const facts = {
    directory,
    exists: isThere,
    file_system: fileSystem,
    network: isOnNetwork,
    free_bytes: freeBytes,
    free_files: freeFiles,
    problem: state.fileTrouble?.problem ?? nameRefusal(state.directoryTrouble),
    why: (state.fileTrouble ?? state.directoryTrouble)?.why ?? null,
  };
  const why = findWhy(state);
  if (why !== null) {
    const [code, what, hint, reason] = why;
    return failed(code, `${directory} ${what}: ${IN_MEMORY}`, { hint, reason, facts });
  }
  const where = `${directory}${fileSystem === null ? '' : ` on ${fileSystem}`}`;
  if (freeFiles !== null && freeFiles < ROOM_FILES) {
    const message = `${where} has room for ${freeFiles} more files`;
    return warning(message, { hint: 'remove files there', reason: 'full', facts });
  }
  if (freeBytes !== null && freeBytes < ROOM_BYTES) {
    const message = `${where} has ${Math.floor(freeBytes / 1024)} KiB of space left`;
    if (freeBytes === 0) return failed('local_io', message, { hint: 'free some space', reason: 'full', facts });
    return warning(message, { hint: 'free some space', reason: 'full', facts });
  }
  const free = freeBytes === null ? '' : `, ${formatSpace(freeBytes)} free`;
  return ok(`${where}${free}${isThere ? '' : ', not created yet'}`, facts);
}

/** In the system's word, such as `EACCES`, if it has one. */
function nameRefusal(trouble: StateTrouble | null): string | null {
  return /^E[A-Z]+/.exec(trouble?.why ?? '')?.[0] ?? trouble?.problem ?? null;
}

/** Why the state would be in memory; null if it would not. */
function findWhy(state: StateFacts): Why | null {
  const { fileSystem, directoryTrouble, fileTrouble } = state;
  if (state.isOnNetwork || fileTrouble?.problem === 'network_file_system') {
    const kind = fileSystem === null ? '' : ` (${fileSystem})`;
    return ['local_io', `is on a network file system${kind}`, `${OTHER}, on a local disk`, 'network_file_system'];
  }
  if (!state.hasDescriptors) {
    const what = 'cannot be kept open (too few file descriptors)';
    return ['local_io', what, 'raise the limit of open files (ulimit -n)', 'few_descriptors'];
  }
  if (fileTrouble?.problem === 'foreign') return ['config', 'has a database of another program', OTHER, 'foreign'];
  if (directoryTrouble !== null) return explainDirectory(state, directoryTrouble);
  return fileTrouble === null ? null : explainFile(fileTrouble);
}

function explainDirectory({ isThere, freeFiles }: StateFacts, { problem, why }: StateTrouble): Why {
  const because = why === null ? '' : ` (${why})`;
  if (freeFiles !== null && freeFiles < ROOM_FILES) {
    return ['local_io', 'is on a file system without room for more files', `remove files there, or ${OTHER}`, 'full'];
  }
  if (problem === 'full') return ['local_io', `is on a full disk${because}`, `free some space, or ${OTHER}`, 'full'];
  if (!isThere)
    return ['local_create', `cannot be created${because}`, `create it for this user, or ${OTHER}`, 'unwritable'];
  return ['local_io', `cannot be written${because}`, `make it writable for this user, or ${OTHER}`, 'unwritable'];
}

function explainFile({ problem, why }: StateTrouble): Why {
  const because = why === null ? '' : ` (${why})`;
  const isOfPermission = /^(?:EACCES|EPERM)\b/.test(why ?? '');
  const hint = problem === 'unwritable' && !isOfPermission ? `move state.db away, or ${OTHER}` : HINTS[problem];
  return ['local_io', `${PROBLEMS[problem]}${because}`, hint, problem];
}

const PROBLEMS: Readonly<Record<StateProblem, string>> = {
  unwritable: 'has a state file that cannot be opened',
  locked: 'has a state file that another process keeps locked',
  full: 'is on a full disk',
  corrupt: 'has a corrupt state file',
  newer_schema: 'has a state file of a newer breakwater',
  foreign: 'has a database of another program',
  network_file_system: 'is on a network file system',
};

const HINTS: Readonly<Record<StateProblem, string>> = {
  unwritable: 'check the permissions of state.db',
  locked: 'try again; if it stays, look for the process that has it open',
  full: 'free some space',
  corrupt: 'nothing: the next command that writes sets it aside and starts a new one',
  newer_schema: `run the newer breakwater, or ${OTHER}`,
  foreign: OTHER,
  network_file_system: `${OTHER}, on a local disk`,
};

function formatSpace(bytes: number): string {
  const gib = bytes / 1024 ** 3;
  return gib >= 1 ? `${gib.toFixed(gib >= 10 ? 0 : 1)} GiB` : `${Math.floor(bytes / 1024 ** 2)} MiB`;
}
