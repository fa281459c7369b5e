import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createFleetGate } from '../../circuit/fleet-gate.ts';
import { openFleet } from '../../fleet/open-fleet.ts';
import type { FleetAccessOptions, OpenedFleet } from './fleet-access.ts';
import { explainFleetFailure, rememberFailures } from './fleet-failures.ts';
import { readFleetTarget } from './fleet-target.ts';

/** Opens the fleet that the settings name. Its code is loaded only where one is named. */
export async function openNamedFleet({
  command,
  settings,
  env,
  clock,
  emit,
  state,
  processIdentity,
}: FleetAccessOptions): Promise<OpenedFleet> {
  const { marks } = await state();
  const target = readFleetTarget(settings, env);
  const store = openFleet({
    target,
    timeoutMs: settings.fleetTimeoutMs,
    clock,
    random: Math.random,
    failures: rememberFailures({ command, clock, marks, target }),
  });
  const { failureThreshold, successThreshold, openForMs, probeLeaseMs, fleetQuorum, fleetHost } = settings;
  const member = { host: fleetHost ?? hostname(), quorum: fleetQuorum };
  let hasWarned = false;
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
      if (hasWarned) return;
      hasWarned = true;
      emit({
        kind: 'warning',
        reason: `fleet_${code}`,
        message: `${explainFleetFailure(target, code)}; this host decides by its own circuit`,
      });
    },
  });
  return { name: target.name, member, gate, store };
}
