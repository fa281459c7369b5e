import { randomUUID } from 'node:crypto';
import { createFleetGate } from '../../circuit/fleet-gate.ts';
import { openFleet } from '../../fleet/open-fleet.ts';
import type { FleetAccessOptions, OpenedFleet } from './fleet-access.ts';
import { prepareFleet } from './prepare-fleet.ts';

/** Opens the fleet that the settings name. Its code is loaded only where one is named. */
export async function openNamedFleet(run: FleetAccessOptions): Promise<OpenedFleet> {
  const { settings, clock, emit, processIdentity } = run;
  const { connection, host, warnOnce } = await prepareFleet(run, 'this host decides by its own circuit');
  const store = openFleet({ ...connection, random: Math.random });
  const { failureThreshold, successThreshold, openForMs, probeLeaseMs, fleetQuorum } = settings;
  const member = { host, quorum: fleetQuorum };
  const gate = createFleetGate({
    store,
    settings: { failureThreshold, successThreshold, openForMs, probeLeaseMs },
    member,
    clock,
    process: processIdentity(),
    newToken: randomUUID,
    emit,
    onFailure: (operation, code) => {
      emit({ kind: 'fleet_failed', operation, code });
      warnOnce(code);
    },
  });
  return { name: connection.target.name, member, gate, store };
}
