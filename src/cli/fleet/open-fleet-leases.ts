import { randomUUID } from 'node:crypto';
import { FleetFailure } from '../../circuit/fleet-store.ts';
import { BreakwaterError } from '../../errors.ts';
import { openFleetLink } from '../../fleet/open-fleet-link.ts';
import { takeLease, type WorkLease } from '../../fleet/work-lease.ts';
import type { ClaimHolder } from '../../unfinished-work.ts';
import type { CommandRun } from '../command-run.ts';
import { prepareFleet } from './prepare-fleet.ts';

export type FleetLeaseOptions = Pick<
  CommandRun,
  'command' | 'settings' | 'env' | 'clock' | 'emit' | 'state' | 'signal' | 'processIdentity' | 'onClose'
>;

/** Takes leases in the fleet that the settings name. Its code is loaded only where one is named. */
export async function openFleetLeases(
  run: FleetLeaseOptions,
): Promise<(id: string) => Promise<WorkLease | ClaimHolder>> {
  const { clock, emit, onClose, processIdentity } = run;
  const prepared = await prepareFleet(run, 'the lock of this sweep may hold on this host only');
  const link = openFleetLink(prepared.connection);
  onClose(() => link.close());
  const owner = { host: prepared.host, pid: processIdentity().pid };
  const onFailure = (error: unknown): void => {
    // The command ends, which is no failure of the engine.
    if (error instanceof BreakwaterError) return;
    const code = error instanceof FleetFailure ? error.code : 'internal';
    emit({ kind: 'fleet_failed', operation: 'lease', code });
    prepared.warnOnce(code);
  };
  return async (id) => await takeLease({ ask: link.ask, clock, id, owner, token: randomUUID(), onFailure });
}
