import type { CircuitView } from '../../circuit/circuit-view.ts';
import { formatTime } from '../../clock.ts';
import type { BreakwaterError } from '../../errors.ts';
import type { StateProblem } from '../../state/state.ts';
import { failed, ok, skipped, warning, type Finding } from './check.ts';

/** @param engine as in package.json: `>=24` */
export function judgeNode(
  version: string,
  { engine, platform }: { readonly engine: string; readonly platform: string },
): Finding {
  const facts = { version, platform };
  const least = Number(/\d+/.exec(engine)?.[0] ?? 0);
  if (Number(version.split('.')[0]) >= least) return ok(`${version} on ${platform}`, facts);
  const trouble = { hint: `install Node ${least} or later, or the executable`, reason: 'old_node', facts };
  return failed('config', `${version} is older than Node ${least}`, trouble);
}

/** @param problem what makes the settings unusable; null if nothing does */
export function judgeSettings(
  problem: BreakwaterError | null,
  file: { readonly path: string; readonly isThere: boolean },
): Finding {
  const facts = { file: file.isThere ? file.path : null };
  if (problem === null) return ok(file.isThere ? `config file ${file.path}` : 'no config file', facts);
  return fromError(problem, 'see breakwater config', facts);
}

/** A check that ends as a command would. */
export function fromError({ code, message, details }: BreakwaterError, hint: string, facts = {}): Finding {
  return failed(code, message, { hint: details.hint ?? hint, reason: details.reason ?? code, facts });
}

/** What was seen of the state directory. */
export interface StateFacts {
  readonly directory: string;
  /** The kind of its file system, such as `ext4`; null if the system does not tell. */
  readonly fileSystem: string | null;
  readonly isOnNetwork: boolean;
  /** Whether the directory is there. */
  readonly isThere: boolean;
  /** Why nothing can be written, in the system's word (`EACCES`); null if it can. */
  readonly refusal: string | null;
  /** For all users but root, in bytes; null if unknown. */
  readonly freeBytes: number | null;
  /** Why the file cannot be used, though it is there. */
  readonly problem: StateProblem | null;
}

/** A year of runs needs less; SQLite needs room for its log, too. */
const ROOM_BYTES = 16 * 1024 * 1024;

const IN_MEMORY = 'circuits and metrics would be in memory only, for each command by itself';

export function judgeState(state: StateFacts): Finding {
  const { directory, fileSystem, isOnNetwork, isThere, refusal, freeBytes, problem } = state;
  const facts = {
    directory,
    exists: isThere,
    file_system: fileSystem,
    network: isOnNetwork,
    free_bytes: freeBytes,
    problem: problem ?? refusal,
  };
  const other = 'choose another directory with --state-dir';
  const fail = (code: 'local_create' | 'local_io' | 'config', why: string, rest: { hint: string; reason: string }) =>
    failed(code, `${directory} ${why}: ${IN_MEMORY}`, { ...rest, facts });
  if (isOnNetwork || problem === 'network_file_system') {
    const kind = fileSystem === null ? '' : ` (${fileSystem})`;
    return fail('local_io', `is on a network file system${kind}`, {
      hint: `${other}, on a local disk`,
      reason: 'network_file_system',
    });
  }
  if (problem === 'foreign') {
    return fail('config', 'has a database of another program', { hint: other, reason: problem });
  }
  if (refusal !== null && !isThere) {
    const hint = `create it for this user, or ${other}`;
    return fail('local_create', `cannot be created (${refusal})`, { hint, reason: 'unwritable' });
  }
  if (refusal !== null) {
    const hint = `make it writable for this user, or ${other}`;
    return fail('local_io', `cannot be written (${refusal})`, { hint, reason: 'unwritable' });
  }
  if (problem !== null) return fail('local_io', PROBLEMS[problem], { hint: PROBLEM_HINTS[problem], reason: problem });
  const where = `${directory}${fileSystem === null ? '' : ` on ${fileSystem}`}`;
  if (freeBytes !== null && freeBytes < ROOM_BYTES) {
    const message = `${where} has ${Math.floor(freeBytes / 1024)} KiB of space left`;
    if (freeBytes === 0) return failed('local_io', message, { hint: 'free some space', reason: 'full', facts });
    return warning(message, { hint: 'free some space', reason: 'full', facts });
  }
  const free = freeBytes === null ? '' : `, ${formatSpace(freeBytes)} free`;
  return ok(`${where}${free}${isThere ? '' : ', not created yet'}`, facts);
}

type OwnProblem = Exclude<StateProblem, 'network_file_system' | 'foreign'>;

const PROBLEMS: Readonly<Record<OwnProblem, string>> = {
  unwritable: 'has a state file that cannot be opened',
  locked: 'has a state file that another process keeps locked',
  full: 'is on a full disk',
  corrupt: 'has a corrupt state file',
  newer_schema: 'has a state file of a newer breakwater',
};

const PROBLEM_HINTS: Readonly<Record<OwnProblem, string>> = {
  unwritable: 'check the permissions of state.db',
  locked: 'try again; if it stays, look for the process that has it open',
  full: 'free some space',
  corrupt: 'nothing: the next command that writes sets it aside and starts a new one',
  newer_schema: 'run the newer breakwater, or choose another directory with --state-dir',
};

function formatSpace(bytes: number): string {
  const gib = bytes / 1024 ** 3;
  return gib >= 1 ? `${gib.toFixed(gib >= 10 ? 0 : 1)} GiB` : `${Math.floor(bytes / 1024 ** 2)} MiB`;
}

/** Those that a transfer would use now. An open one is a warning: the machine can work, but not yet. */
export function judgeCircuits(views: readonly CircuitView[], { nowMs }: { readonly nowMs: number }): Finding {
  if (views.length === 0) return skipped('without an endpoint there is no scope');
  const facts = {
    circuits: views.map(({ name, state, refusal, retryAfterMs }) => ({
      name,
      state,
      would_refuse: refusal !== null,
      retry_after_ms: retryAfterMs,
    })),
  };
  const refusing = views.filter(({ refusal }) => refusal !== null);
  if (refusing.length === 0) return ok(views.map(({ name, state }) => `${name} ${nameOf(state)}`).join(', '), facts);
  const message = refusing.map(({ name, state, retryAfterMs }) => {
    const until = retryAfterMs === null ? '' : `, next try at ${formatTime(nowMs + retryAfterMs)}`;
    return `${name} is ${nameOf(state)}${until}`;
  });
  const hint = 'see breakwater breaker-status; transfers would end with status 75 until then';
  return warning(message.join('; '), { hint, reason: 'circuit_open', facts });
}

function nameOf(state: CircuitView['state']): string {
  return state.replace('_', '-');
}
