import { string } from '@oclif/core/args';
import { boolean } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import { circuitDocument, transitionDocument } from '../breaker/circuit-document.ts';
import { inspectCircuits, type InspectedCircuit } from '../breaker/inspect-circuits.ts';
import { tabulateCircuits, tabulateTransitions } from '../breaker/circuit-table.ts';
import { selectCircuits } from '../breaker/select-circuits.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { withEnvironment } from '../cli/flags/flags.ts';
import { refusalError } from '../circuit/refusal-error.ts';
import { BreakwaterError } from '../errors.ts';

/** Changes of state that `--history` shows at most. */
const HISTORY_MAX = 100;

export default class BreakerStatus extends BaseCommand<typeof BreakerStatus> {
  static override summary = 'show every circuit as an arriving request would meet it';
  static override description =
    'Reads the local state only: sends nothing to S3 and changes nothing. Names are s3-upload and s3-download, which mean every scope, or full names such as s3-upload@eu-west-1.';
  static override usage = 'breaker-status [CIRCUIT...] [FLAGS]';
  static override examples = [
    { description: 'At the terminal', command: '<%= config.bin %> breaker-status' },
    {
      description: 'A screen that stays open during an incident',
      command: '<%= config.bin %> breaker-status --watch',
    },
    { description: 'In a CI pipeline', command: '<%= config.bin %> breaker-status --json s3-upload' },
    {
      description: 'From cron, as a guard',
      command:
        '<%= config.bin %> breaker-status --check --quiet s3-upload && <%= config.bin %> put db.tar s3://my-bucket/',
    },
  ];
  static override flags = withEnvironment({
    check: boolean({ summary: 'exit 75 while one of the circuits would refuse a call' }),
    watch: boolean({
      char: 'w',
      summary: 'keep showing them: a live screen on a terminal, lines on change elsewhere, NDJSON with --json',
    }),
    'read-only': boolean({ summary: 'with --watch: no resetting and isolating by key' }),
    history: boolean({ summary: `show the last ${HISTORY_MAX} changes of state instead` }),
  });
  static override args = {
    circuit: string({ multiple: true, description: 'circuits to show; all by default' }),
  };

  protected override async execute(
    run: CommandRun,
    { args, flags, given }: CommandInput<typeof BreakerStatus>,
  ): Promise<CommandResult> {
    if (flags.watch) {
      refuseBeside(flags);
      const { watchCircuits } = await import('../breaker/watch/watch.ts');
      return await watchCircuits(run, {
        names: args.circuit ?? [],
        isReadOnly: flags['read-only'],
        stateDirectory: given.has('state-dir') ? run.settings.stateDirectory : null,
      });
    }
    const rows = await selectCircuits(run, args.circuit ?? []);
    const circuits = await inspectCircuits(run, rows);
    const state = await run.state();
    const names = new Set(rows.map(({ name }) => name));
    const history = flags.history
      ? state.circuits
          .transitions({ limit: HISTORY_MAX * Math.max(1, names.size) })
          .filter(({ circuit }) => names.has(circuit))
          .slice(0, HISTORY_MAX)
      : null;
    const shown =
      history === null
        ? tabulateCircuits(circuits, { hasColour: run.output.mode.stdoutHasColour, nowMs: run.clock.now() })
        : tabulateTransitions(history);
    const failure = flags.check ? findRefusal(circuits) : null;
    return {
      json: {
        circuits: circuits.map(circuitDocument),
        ...(history === null ? {} : { history: history.map(transitionDocument) }),
        state_file: { path: state.path, problem: state.problem() },
      },
      ...(flags.check ? { summary: shown.join('\n') } : { lines: shown }),
      ...(failure === null ? {} : { failure }),
    };
  }
}

/** @throws BreakwaterError `usage` for what ends at once beside what does not end */
function refuseBeside(flags: { readonly check: boolean; readonly history: boolean }): void {
  const other = flags.check ? '--check' : flags.history ? '--history' : null;
  if (other === null) return;
  throw new BreakwaterError('usage', `--watch and ${other} do not go together`, {
    details: { hint: `leave one of them out; the live screen shows the history of a circuit on enter` },
  });
}

/** The refusal that lasts longest: when it is over, all of them are. */
function findRefusal(circuits: readonly InspectedCircuit[]) {
  const refusals = circuits.flatMap(({ view: { name, refusal, retryAfterMs, row } }) =>
    refusal === null ? [] : [{ circuit: name, epoch: row.epoch, reason: refusal, retryAfterMs }],
  );
  const [longest] = refusals.toSorted((a, b) => (b.retryAfterMs ?? Infinity) - (a.retryAfterMs ?? Infinity));
  return longest === undefined ? null : refusalError(longest);
}
