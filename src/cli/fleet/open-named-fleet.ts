import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createFleetGate } from '../../circuit/fleet-gate.ts';
import type { FleetFailureCode } from '../../circuit/fleet-store.ts';
import { openFleet } from '../../fleet/open-fleet.ts';
import type { FleetAccessOptions, OpenedFleet } from './fleet-access.ts';
import { readFleetTarget } from './fleet-target.ts';

/** People who change the fleet ask it even if it failed just now. */
const ASKED_BY_HAND: ReadonlySet<string> = new Set(['breaker-reset', 'breaker-isolate']);

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
  const mark = `fleet failed ${target.name}`;
  const store = openFleet({
    target,
    timeoutMs: settings.fleetTimeoutMs,
    clock,
    random: Math.random,
    failures: {
      read: () => (ASKED_BY_HAND.has(command) ? null : marks.read(mark) || null),
      note: () => marks.set(mark, { value: clock.now(), nowMs: clock.now() }),
    },
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
      emit({ kind: 'warning', reason: `fleet_${code}`, message: describe(target.name, code) });
    },
  });
  return { name: target.name, member, gate, store };
}

const WHY: Partial<Readonly<Record<FleetFailureCode, string>>> = {
  timeout: 'it did not answer within --fleet-timeout',
  host_not_found: 'its host name has no address',
  no_auth: 'it asks for a password',
  wrong_password: 'it refuses the user or the password',
  no_permission: 'its access rules forbid a command or a key',
  read_only: 'it takes no writes',
  out_of_memory: 'it has no memory left',
  loading: 'it is still loading its data',
  not_trusted: 'its certificate is not trusted',
  is_cluster: 'it is a node of a cluster, which is not supported',
  bad_answer: 'its answer is not that of Redis or Valkey',
  newer_row: 'its circuits are those of a newer breakwater',
  failed_recently: 'it failed less than 5 s ago, and is not asked yet',
};

function describe(name: string, code: FleetFailureCode): string {
  const why = WHY[code] ?? code.replaceAll('_', ' ');
  return `the fleet at ${name} cannot be asked: ${why}; this host decides by its own circuit`;
}
