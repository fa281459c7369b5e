import { once } from '../../once.ts';
import type { UnfinishedWork, WorkClaim } from '../../unfinished-work.ts';
import { isFleetSet } from './fleet-setting.ts';
import type { WorkLease } from '../../fleet/work-lease.ts';
import type { FleetLeaseOptions } from './open-fleet-leases.ts';

/** Work whose claims hold over all hosts of the fleet that the settings name; without one, the same work. */
export function claimInFleet(run: FleetLeaseOptions, unfinished: UnfinishedWork): UnfinishedWork {
  if (!isFleetSet(run.settings, run.env)) return unfinished;
  const open = once(async () => {
    const { openFleetLeases } = await import('./open-fleet-leases.ts');
    return await openFleetLeases(run);
  });
  return {
    ...unfinished,
    claim: async (id, onHeld) => {
      // First that of this host, which needs no engine.
      const local = await unfinished.claim(id, onHeld);
      if (local === null) return null;
      const takeLease = await open();
      const lease = await takeLease(id);
      if ('isOurs' in lease) return join(local, lease);
      await local[Symbol.asyncDispose]();
      onHeld?.(lease);
      return null;
    },
  };
}

function join(local: WorkClaim, lease: WorkLease): WorkClaim {
  return {
    isOurs: () => local.isOurs() && lease.isOurs(),
    lost: AbortSignal.any([local.lost, lease.lost]),
    confirm: () => local.confirm() && lease.isOurs(),
    [Symbol.asyncDispose]: async () => {
      await lease[Symbol.asyncDispose]();
      await local[Symbol.asyncDispose]();
    },
  };
}
