import { hostname } from 'node:os';
import { explainFleetFailure } from '../../breaker/explain-fleet-failure.ts';
import type { FleetFailureCode } from '../../circuit/fleet-store.ts';
import type { FleetConnection } from '../../fleet/open-fleet-link.ts';
import type { CommandRun } from '../command-run.ts';
import { rememberFailures } from './fleet-failures.ts';
import { readFleetTarget } from './fleet-target.ts';

interface PreparedFleet {
  readonly connection: FleetConnection;
  /** The name under which this host's results and leases count. */
  readonly host: string;
  /** Warns of the first failure only: each further call may meet the same. */
  readonly warnOnce: (code: FleetFailureCode) => void;
}

type PreparedRun = Pick<CommandRun, 'command' | 'settings' | 'env' | 'clock' | 'emit' | 'state' | 'signal'>;

/**
 * What a connection to the fleet that the settings name needs.
 * @param consequence what a failure of the engine means, as the end of a sentence
 */
export async function prepareFleet(run: PreparedRun, consequence: string): Promise<PreparedFleet> {
  const { command, settings, env, clock, emit } = run;
  const { marks } = await run.state();
  const target = readFleetTarget(settings, env);
  const failures = rememberFailures({ command, clock, marks, target });
  let hasWarned = false;
  return {
    connection: { target, timeoutMs: settings.fleetTimeoutMs, clock, failures, signal: run.signal },
    host: settings.fleetHost ?? hostname(),
    warnOnce: (code) => {
      if (hasWarned) return;
      hasWarned = true;
      emit({
        kind: 'warning',
        reason: `fleet_${code}`,
        message: `${explainFleetFailure(target, code)}; ${consequence}`,
      });
    },
  };
}
