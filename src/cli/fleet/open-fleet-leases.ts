import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { FleetFailure } from '../../circuit/fleet-store.ts';
import { openLeaseLink } from '../../fleet/open-leases.ts';
import { takeLease, type WorkLease } from '../../fleet/work-lease.ts';
import type { ClaimHolder } from '../../unfinished-work.ts';
import type { CommandRun } from '../command-run.ts';
import { explainFleetFailure, rememberFailures } from './fleet-failures.ts';
import { readFleetTarget } from './fleet-target.ts';

export type FleetLeaseOptions = Pick<
  CommandRun,
  'command' | 'settings' | 'env' | 'clock' | 'emit' | 'state' | 'processIdentity' | 'onClose'
>;

/** Takes leases in the fleet that the settings name. Its code is loaded only where one is named. */
export async function openFleetLeases(
  run: FleetLeaseOptions,
): Promise<(id: string) => Promise<WorkLease | ClaimHolder>> {
  const { settings, env, clock, emit, onClose, processIdentity } = run;
  const { marks } = await run.state();
  const target = readFleetTarget(settings, env);
  const failures = rememberFailures({ ...run, marks, target });
  const { ask, close } = openLeaseLink({ target, timeoutMs: settings.fleetTimeoutMs, clock, failures });
  onClose(close);
  const owner = { host: settings.fleetHost ?? hostname(), pid: processIdentity().pid };
  let hasWarned = false;
  const onFailure = (error: unknown): void => {
    if (hasWarned) return;
    hasWarned = true;
    const code = error instanceof FleetFailure ? error.code : 'internal';
    const message = `${explainFleetFailure(target, code)}; the lock of this sweep may hold on this host only`;
    emit({ kind: 'warning', reason: `fleet_${code}`, message });
  };
  return async (id) => await takeLease({ ask, clock, id, owner, token: randomUUID(), onFailure });
}
