import { string } from '@oclif/core/args';
import { string as text } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import { changeByHand } from '../breaker/change-circuits.ts';
import { namesToIsolate, splitFleetNames } from '../breaker/select-circuits.ts';
import { LONGEST_ISOLATION_MS } from '../circuit/circuit.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { changeFlags, durationFlag, fleetSwitch, withEnvironment } from '../cli/flags/flags.ts';
import { presentChanges, presentFleetChanges } from '../cli/output/change-result.ts';
import { readUserName } from '../cli/user-name.ts';

export default class BreakerIsolate extends BaseCommand<typeof BreakerIsolate> {
  static override summary = 'force circuits open';
  static override description =
    'Every call is refused until the time is up or the circuit is reset.\n\nCalls already in flight no longer affect the circuit. A name such as s3-upload isolates all scopes, including unused ones.';
  static override usage = 'breaker-isolate CIRCUIT... [FLAGS]';
  static override examples = [
    {
      description: 'For a maintenance window',
      command: '<%= config.bin %> breaker-isolate s3-upload --for 1h --reason "bucket migration"',
    },
    {
      description: 'For every host of a fleet',
      command: '<%= config.bin %> breaker-isolate --fleet s3-upload --for 1h --reason "bucket migration"',
    },
    { description: 'Until it is reset', command: '<%= config.bin %> breaker-isolate s3-download@eu-west-1' },
  ];
  static override baseFlags = changeFlags;
  static override flags = {
    ...withEnvironment({
      for: durationFlag({ summary: 'how long; by default until a reset', least: 1, most: LONGEST_ISOLATION_MS }),
      reason: text({ summary: 'reason, shown in the history and with refused calls', helpValue: 'TEXT' }),
    }),
    fleet: fleetSwitch,
  };
  static override args = {
    circuit: string({ required: true, multiple: true, description: 'circuits to force open' }),
  };

  protected override async execute(
    run: CommandRun,
    { args, flags }: CommandInput<typeof BreakerIsolate>,
  ): Promise<CommandResult> {
    const gate = await run.gate();
    const manual = { by: readUserName(), reason: flags.reason ?? null, forMs: flags.for ?? null };
    const asked = splitFleetNames(args.circuit, flags.fleet);
    const names = await namesToIsolate(run, asked.names);
    if (asked.isForFleet) {
      const { changeFleet } = await import('../breaker/change-fleet.ts');
      const changed = await changeFleet(run, {
        select: async () => await Promise.resolve(names),
        change: async ({ gate: all }, circuit) => await all.isolate(circuit, manual),
      });
      return presentFleetChanges(changed);
    }
    return presentChanges(await changeByHand(run, names, (circuit) => gate.isolate(circuit, manual)));
  }
}
