import { string } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import { correctTimes } from '../breaker/correct-times.ts';
import { circuitDocument, engineDocument, transitionDocument } from '../breaker/circuit-document.ts';
import type { InspectedCircuit } from '../breaker/inspect-circuits.ts';
import { inspectNamed, refuseWithoutFleet } from '../breaker/inspect-named.ts';
import { describeEngine, tabulateCircuits, tabulateTransitions } from '../breaker/circuit-table.ts';
import type { InspectedFleet } from '../breaker/fleet-circuits.ts';
import { separateFleetNames } from '../breaker/select-circuits.ts';
import type { ScreenRequest } from '../breaker/watch/watch.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { circuitFlags, withEnvironment } from '../cli/flags/flags.ts';
import { processStreams } from '../cli/output/process-streams.ts';
import { readUserName } from '../cli/user-name.ts';
import { findBareName } from '../circuit/circuit-name.ts';
import type { CircuitRow, Refusal, Transition } from '../circuit/circuit.ts';
import type { CircuitStore } from '../circuit/circuit-store.ts';
import { refusalError } from '../circuit/refusal-error.ts';
import { BreakwaterError } from '../errors.ts';

/** The maximum number of state changes that `--history` shows. */
const HISTORY_MAX = 100;

export default class BreakerStatus extends BaseCommand<typeof BreakerStatus> {
  static override summary = 'show the current state of every circuit';
  static override description =
    'Reads the local state, and that of a fleet if one is set: sends nothing to S3 and changes nothing.\n\nThe names s3-upload and s3-download refer to the circuits that put and get would use; a full name such as s3-upload@eu-west-1 selects exactly that circuit, and fleet/s3-upload that of the fleet alone.';
  static override usage = 'breaker-status [CIRCUIT...] [FLAGS]';
  static override examples = [
    { description: 'At the terminal', command: '<%= config.bin %> breaker-status' },
    {
      description: 'A live screen during an incident',
      command: '<%= config.bin %> breaker-status --watch',
    },
    { description: 'In a CI pipeline', command: '<%= config.bin %> breaker-status --json s3-upload' },
    {
      description: 'From cron, to skip a run while the circuit is open',
      command:
        '<%= config.bin %> breaker-status --check --quiet s3-upload && <%= config.bin %> put db.tar s3://my-bucket/',
    },
  ];
  static override baseFlags = circuitFlags;
  static override flags = withEnvironment({
    check: boolean({
      summary: 'exit 75 if one of the circuits would refuse a call',
      description: 'without names, those of the scope in use',
    }),
    'all-scopes': boolean({
      summary: 'every scope, and circuits not used for 7 days, too',
      description: 'names select the circuits of all their scopes',
    }),
    watch: boolean({
      char: 'w',
      summary: 'a live screen; off a terminal a line per change',
      description: 'NDJSON with --json',
    }),
    'read-only': boolean({ summary: 'with --watch: no keys to reset or isolate' }),
    history: boolean({ summary: `show the last ${HISTORY_MAX} state changes instead` }),
  });
  static override args = {
    circuit: string({
      multiple: true,
      description: 'circuits to show; by default those of the last 7 days',
    }),
  };

  protected override async execute(
    run: CommandRun,
    { args, flags, given }: CommandInput<typeof BreakerStatus>,
  ): Promise<CommandResult> {
    const names = args.circuit ?? [];
    // By default every scope is shown, but a check covers only the circuits that a transfer would use now.
    const isAboutAll = flags['all-scopes'] || (names.length === 0 && !flags.check);
    const scopes = isAboutAll ? 'all' : 'in_use';
    if (flags.watch) {
      refuseWithWatch(flags);
      return await watch(run, {
        names,
        scopes,
        isReadOnly: flags['read-only'],
        stateDirectory: given.has('state-dir') ? run.settings.stateDirectory : null,
      });
    }
    const { rows, local, fleet } = await inspectNamed(run, {
      names,
      scopes,
      isAllScopes: flags['all-scopes'],
      isHistoryShown: flags.history,
    });
    if (flags.check) await correctTimes(run, local);
    const { engine } = fleet;
    const circuits = [...local, ...fleet.circuits];
    const state = await run.state();
    const history = flags.history ? findHistory(state.circuits, { rows, inFleet: fleet.history }) : null;
    if (history !== null) warnOfHistory(run, engine);
    const shown = tabulate(run, { circuits, history, engine });
    const failure = flags.check ? findRefusal(circuits, run.clock.now()) : null;
    return {
      json: {
        circuits: circuits.map(circuitDocument),
        ...(history === null ? {} : { history: history.map(transitionDocument) }),
        state_file: { path: state.path, problem: state.problem() },
        ...(engine === null ? {} : { fleet: engineDocument(engine) }),
      },
      ...(flags.check ? { summary: shown.join('\n') } : { lines: shown }),
      ...(failure === null ? {} : { failure, isFailureAnAnswer: true }),
    };
  }
}

/** The width of the terminal, 80 where it does not know; text in a pipe or file has no width. */
function readColumns({ output }: CommandRun): number {
  if (!output.mode.stdoutIsTerminal) return Infinity;
  const { columns } = processStreams.stdout;
  return columns > 0 ? columns : 80;
}

/** The last state changes of the circuits and of their bare names, newest first. */
function findHistory(
  circuits: CircuitStore,
  { rows, inFleet }: { readonly rows: readonly CircuitRow[]; readonly inFleet: readonly Transition[] },
): readonly Transition[] {
  const names = new Set(rows.flatMap(({ name }) => [name, findBareName(name) ?? name]));
  const local = circuits
    .transitions({ limit: HISTORY_MAX * Math.max(1, names.size) })
    .filter(({ circuit }) => names.has(circuit));
  // By time only where there are two clocks: a file has an order of its own.
  const all = inFleet.length === 0 ? local : [...local, ...inFleet].toSorted((a, b) => b.atMs - a.atMs);
  return all.slice(0, HISTORY_MAX);
}

interface Found {
  readonly circuits: readonly InspectedCircuit[];
  /** Shown instead of the circuits; null: it was not asked for. */
  readonly history: readonly Transition[] | null;
  readonly engine: InspectedFleet['engine'];
}

function tabulate(run: CommandRun, { circuits, history, engine }: Found): readonly string[] {
  const layout = { columns: readColumns(run), nowMs: run.clock.now() };
  const about = engine === null ? [] : describeEngine(engine, layout);
  if (history === null)
    return [...tabulateCircuits(circuits, { ...layout, hasColour: run.output.mode.stdoutHasColour }), ...about];
  const isAsked = engine === null || engine.problem === null;
  const isFleetMissing = !isAsked || (engine?.historyProblem ?? null) !== null;
  // Of a fleet that answers, a history says enough by itself.
  return [...tabulateTransitions(history, { ...layout, isFleetMissing }), ...(isAsked ? [] : about)];
}

/** The fleet's state changes are missing, though its circuits could be read. */
function warnOfHistory({ emit }: CommandRun, engine: InspectedFleet['engine']): void {
  const code = engine?.historyProblem ?? null;
  if (code === null) return;
  const why =
    code === 'newer_row'
      ? 'some were written by a newer breakwater'
      : 'the user of the fleet may not read lists (lrange)';
  emit({ kind: 'warning', reason: `fleet_${code}`, message: `state changes of the fleet are not shown: ${why}` });
}

/** A live screen on a terminal with a keyboard, otherwise lines. */
async function watch(run: CommandRun, asked: Omit<ScreenRequest, 'user'>): Promise<CommandResult> {
  const { own, inFleet } = separateFleetNames(asked.names);
  await refuseWithoutFleet(run, inFleet);
  // Each circuit of this host is followed by that of the fleet.
  const request = { ...asked, names: [...new Set([...own, ...inFleet])] };
  const { watchAtTerminal, watchInPipe } = await import('../breaker/watch/watch.ts');
  const { output, symbols, stdin } = run;
  const { isLive, stdoutIsTerminal, stdoutHasColour, json } = output.mode;
  if (isLive && stdoutIsTerminal && 'isTTY' in stdin && stdin.isTTY === true) {
    const held: (() => void)[] = [];
    // Other output would corrupt the screen, so it is printed afterwards.
    output.stepAside((write) => held.push(write));
    try {
      const { createJobControl } = await import('../cli/job-control.ts');
      const terminal = {
        stdin: processStreams.stdin,
        stdout: processStreams.stdout,
        hasColour: stdoutHasColour,
        symbols,
        jobControl: createJobControl(),
      };
      const changes = await watchAtTerminal(run, { ...request, user: readUserName() }, terminal);
      return { json: null, summary: changes.length === 0 ? null : changes.join('\n') };
    } finally {
      output.stepAside(null);
      for (const write of held) write();
    }
  }
  const { watchReader } = await import('../cli/output/reader-watch.ts');
  const reader = watchReader(processStreams.stdout.fd);
  run.onClose(reader.stop);
  const { circuits, stateFile, fleet } = await watchInPipe(run, request, {
    isJson: json,
    print: (lines) => output.print(lines),
    isRead: () => run.stdout.writable && reader.hasReader(),
  });
  const { path, condition } = stateFile;
  const problem = condition === 'ready' || condition === 'missing' ? null : condition;
  return {
    json: {
      circuits: circuits.map(circuitDocument),
      state_file: { path, problem },
      ...(fleet === null ? {} : { fleet: engineDocument(fleet) }),
    },
  };
}

/** @throws BreakwaterError `usage`, because these flags print once and exit */
function refuseWithWatch(flags: { readonly check: boolean; readonly history: boolean }): void {
  const other = flags.check ? '--check' : flags.history ? '--history' : null;
  if (other === null) return;
  throw new BreakwaterError('usage', `--watch and ${other} cannot be combined`, {
    details: { hint: 'use one of them; on the live screen, enter shows the history of a circuit' },
  });
}

/** The refusal with the longest wait. */
function findRefusal(circuits: readonly InspectedCircuit[], nowMs: number) {
  const refusals = circuits.flatMap(({ view: { name, refusal, retryAfterMs, isolation, row } }): readonly Refusal[] => {
    if (refusal === null) return [];
    const { of: refusedBy, epoch } = isolation ?? { of: name, epoch: row.epoch };
    const retryAtMs = retryAfterMs === null ? null : nowMs + retryAfterMs;
    const lastFailure = isolation === null ? row.lastFailure : null;
    return [
      { circuit: name, refusedBy, epoch, reason: refusal, retryAfterMs, retryAtMs, manual: isolation, lastFailure },
    ];
  });
  const [longest] = refusals.toSorted((a, b) => (b.retryAfterMs ?? Infinity) - (a.retryAfterMs ?? Infinity));
  if (longest === undefined) return null;
  const { code, message, details } = refusalError(longest);
  // The hint of a transfer names --wait, which this command does not have.
  const hint =
    longest.retryAfterMs === null ? details.hint : `try again in ${Math.ceil(longest.retryAfterMs / 1000)} s`;
  return new BreakwaterError(code, message, { details: { ...details, ...(hint === undefined ? {} : { hint }) } });
}
