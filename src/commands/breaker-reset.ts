import { string } from '@oclif/core/args';
import { boolean, string as text } from '@oclif/core/flags';
import { BaseCommand, type CommandInput } from '../cli/base-command.ts';
import { changeByHand } from '../breaker/change-circuits.ts';
import type { FleetChanges } from '../breaker/change-fleet.ts';
import { isolationsLeft, namesToReset, selectCircuits, splitFleetNames } from '../breaker/select-circuits.ts';
import type { CommandResult, CommandRun } from '../cli/command-run.ts';
import { changeFlags, fleetSwitch, withEnvironment } from '../cli/flags/flags.ts';
import { presentChanges, presentFleetChanges } from '../cli/output/change-result.ts';
import { readUserName } from '../cli/user-name.ts';
import { BreakwaterError } from '../errors.ts';

export default class BreakerReset extends BaseCommand<typeof BreakerReset> {
  static override summary = 'force circuits closed';
  static override description =
    'Calls already in flight no longer affect the circuit. A name such as s3-upload selects all its scopes.';
  static override usage = 'breaker-reset CIRCUIT... [FLAGS]';
  static override examples = [
    {
      description: 'When S3 is back',
      command: '<%= config.bin %> breaker-reset s3-upload --reason "S3 is back"',
    },
    {
      description: 'In a CI pipeline without a fleet, before a run that must not be refused',
      command: '<%= config.bin %> breaker-reset --all --json',
    },
  ];
  static override baseFlags = changeFlags;
  static override flags = {
    ...withEnvironment({
      all: boolean({ summary: 'reset every circuit' }),
      reason: text({ summary: 'reason, shown in the history', helpValue: 'TEXT' }),
    }),
    fleet: fleetSwitch,
  };
  static override args = { circuit: string({ multiple: true, description: 'circuits to close' }) };

  protected override async execute(
    run: CommandRun,
    { args, flags }: CommandInput<typeof BreakerReset>,
  ): Promise<CommandResult> {
    const { names, isForFleet } = splitFleetNames(args.circuit ?? [], flags.fleet);
    if (names.length === 0 && !flags.all) {
      throw new BreakwaterError('usage', 'breaker-reset needs the name of a circuit, or --all', {
        details: { reason: 'needs_circuit', hint: 'list the names with breakwater breaker-status' },
      });
    }
    const gate = await run.gate();
    const manual = { by: readUserName(), reason: flags.reason ?? null };
    if (isForFleet) {
      const reset = await resetFleet(run, names, manual);
      const { fleetIsolationsLeft } = await import('../breaker/fleet-circuits.ts');
      return presentFleetChanges(reset, await fleetIsolationsLeft(run, reset.changes));
    }
    const circuits = await namesToReset(run, names);
    const changes = await changeByHand(run, circuits, (circuit) => gate.reset(circuit, manual));
    if ((await run.fleet()) !== null) warnOfFleet(run, names);
    return presentChanges(changes, await isolationsLeft(run, circuits));
  }
}

/** The circuit of all hosts refuses, too: a reset of one gate alone is half of what is expected. */
function warnOfFleet(run: CommandRun, names: readonly string[]): void {
  const command = ['breakwater breaker-reset --fleet', ...(names.length === 0 ? ['--all'] : names)].join(' ');
  const message = `the circuits of the fleet were not reset, and may still refuse: ${command}`;
  run.emit({ kind: 'warning', reason: 'fleet_not_reset', message });
}

const WHY_MISSING = {
  no_permission: 'the user of the fleet may not list keys (scan)',
  too_many_keys: 'the server has too many other keys to look at all of them',
} as const;

/** Whoever sees no warning takes every scope for reset. */
function warnOfMissing(run: CommandRun, missing: keyof typeof WHY_MISSING): void {
  const message = `scopes that this host does not know were not reset, if there are any: ${WHY_MISSING[missing]}; name them, such as s3-upload@SCOPE`;
  run.emit({ kind: 'warning', reason: `fleet_${missing}`, message });
}

/** Also of a URL with the wrong server or database, which must not look like a reset. */
function tellOfNone(run: CommandRun, fleet: string): void {
  const message = `nothing was reset: the fleet at ${fleet} has no such circuit`;
  run.emit({ kind: 'warning', reason: 'nothing_to_reset', message });
}

/** Resets circuits for all hosts; a bare name, or none, selects those that the fleet has. */
async function resetFleet(
  run: CommandRun,
  names: readonly string[],
  manual: { readonly by: string; readonly reason: string | null },
): Promise<FleetChanges> {
  const known = (await selectCircuits(run, names, 'all')).map(({ name }) => name);
  const { changeFleet } = await import('../breaker/change-fleet.ts');
  const { fleetNamesToReset } = await import('../breaker/fleet-circuits.ts');
  return await changeFleet(run, {
    select: async (fleet) => {
      const found = await fleetNamesToReset(fleet, { queries: names, known });
      if (found.missing !== null) warnOfMissing(run, found.missing);
      if (found.names.length === 0) tellOfNone(run, fleet.name);
      return found.names;
    },
    change: async ({ gate }, circuit) => await gate.reset(circuit, manual),
  });
}
