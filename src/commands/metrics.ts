import { boolean, option } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import { inspectCircuits } from '../cli/circuit-inspection.ts';
import { selectCircuits } from '../cli/circuit-selection.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { assertCanAsk, confirm } from '../cli/confirm.ts';
import { withEnvironment } from '../cli/flags.ts';

const FORMATS = ['prometheus', 'openmetrics', 'json'] as const;

export default class Metrics extends BaseCommand<typeof Metrics> {
  static override summary = 'print what has been measured over all invocations';
  static override description =
    'Sums of every process that shares the local state, with the present state of the circuits.';
  static override usage = 'metrics [FLAGS]';
  static override examples = [
    { description: 'At the terminal', command: '<%= config.bin %> metrics | grep s3_operations_total' },
    { description: 'In a CI pipeline', command: '<%= config.bin %> metrics --format json > metrics.json' },
    { description: 'Begin anew', command: '<%= config.bin %> metrics --reset --yes' },
  ];
  static override flags = withEnvironment({
    format: option({ options: FORMATS, default: 'prometheus', summary: 'form of the output' })(),
    reset: boolean({ summary: 'forget every sum; asks first', exclusive: ['format'] }),
    yes: boolean({ char: 'y', summary: 'do not ask' }),
  });

  protected override async execute(run: CommandRun, { flags }: CommandInput<typeof Metrics>): Promise<CommandResult> {
    if (flags.reset) return await reset(run, flags.yes);
    const state = await run.state();
    const circuits = await inspectCircuits(run, await selectCircuits(run, []));
    const measured = {
      totals: state.metrics.read(),
      circuits: circuits.map(({ view }) => view),
      nowMs: run.clock.now(),
      version: this.config.version,
    };
    const { describeMetrics, printMetrics } = await import('../metrics/print.ts');
    if (run.output.mode.json) return { json: { families: await describeMetrics(measured) } };
    if (flags.format === 'json')
      return { json: {}, lines: [JSON.stringify({ families: await describeMetrics(measured) })] };
    const text = await printMetrics(measured, flags.format);
    return { json: {}, lines: [text.trimEnd()] };
  }
}

async function reset(run: CommandRun, isAgreed: boolean): Promise<CommandResult> {
  if (!isAgreed) {
    assertCanAsk(run);
    if (!(await confirm(run, 'forget everything that has been measured?'))) {
      return { json: { reset: false }, summary: 'nothing was forgotten' };
    }
  }
  (await run.state()).metrics.clear();
  return { json: { reset: true }, summary: 'every sum begins anew' };
}
