import { string } from '@oclif/core/args';
import { string as text } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import { changeByHand, nameUser } from '../breaker/change-circuits.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { durationFlag, withEnvironment } from '../cli/flags/flags.ts';

export default class BreakerIsolate extends BaseCommand<typeof BreakerIsolate> {
  static override summary = 'hold circuits open by hand';
  static override description =
    'Every call is refused until the time is over or the circuit is reset. Whatever is in flight no longer counts for it.';
  static override usage = 'breaker-isolate CIRCUIT... [FLAGS]';
  static override examples = [
    {
      description: 'For a maintenance window',
      command: '<%= config.bin %> breaker-isolate s3-upload --for 1h --reason "bucket migration"',
    },
    { description: 'Until somebody resets it', command: '<%= config.bin %> breaker-isolate s3-download@eu-west-1' },
  ];
  static override flags = withEnvironment({
    for: durationFlag({ summary: 'how long; until a reset by default', least: 1 }),
    reason: text({ summary: 'why, for the history and for those who are refused', helpValue: 'TEXT' }),
  });
  static override args = {
    circuit: string({ required: true, multiple: true, description: 'circuits to hold open' }),
  };

  protected override async execute(
    run: CommandRun,
    { args, flags }: CommandInput<typeof BreakerIsolate>,
  ): Promise<CommandResult> {
    const gate = await run.gate();
    const manual = { by: nameUser(), reason: flags.reason ?? null, forMs: flags.for ?? null };
    return await changeByHand(
      run,
      args.circuit,
      async (circuit) => await Promise.resolve(gate.isolate(circuit, manual)),
    );
  }
}
