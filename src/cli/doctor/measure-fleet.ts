import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { showCircuit } from '../../circuit/circuit-view.ts';
import { CIRCUIT_NAMES } from '../../circuit/circuit.ts';
import { FleetFailure } from '../../circuit/fleet-store.ts';
import { BreakwaterError } from '../../errors.ts';
import { createFleetStore } from '../../fleet/fleet-store.ts';
import { openFleetLink, type FleetConnection } from '../../fleet/open-fleet-link.ts';
import { tryChange } from '../../fleet/try-change.ts';
import type { CommandRun } from '../command-run.ts';
import { isFleetSet } from '../fleet/fleet-setting.ts';
import { readFleetTarget } from '../fleet/fleet-target.ts';
import { ok, type Finding } from './check.ts';
import { judgeFleet, judgeFleetFailure, type MeasuredFleet } from './judge-fleet.ts';
import { fromError } from './judge-machine.ts';

/** The least that an engine is waited for, in ms: one that is slow is told from one that is not there. */
const LIMIT_MS = 2000;

type ReadFleet = Omit<MeasuredFleet, 'keepsHistory'>;

type FleetRun = Pick<CommandRun, 'settings' | 'env' | 'clock' | 'signal' | 'circuitName'>;

/**
 * Asks the engine twice over one connection, and changes a key of its own there, as a transfer changes circuits. Notes no
 * failure for other commands, and changes no circuit.
 * @throws the signal's reason
 */
export async function checkFleet(run: FleetRun): Promise<Finding> {
  const { settings, env, clock, signal } = run;
  if (!isFleetSet(settings, env)) return ok('none is set: this host decides by its own circuits');
  const limitMs = Math.max(LIMIT_MS, settings.fleetTimeoutMs);
  let target: FleetConnection['target'];
  try {
    target = readFleetTarget(settings, env);
  } catch (error) {
    if (error instanceof BreakwaterError) return fromError(error, 'see breakwater config');
    throw error;
  }
  const failures = { read: () => null, note: () => undefined };
  const connection = { target, timeoutMs: limitMs, clock, failures, signal };
  let measured: ReadFleet | null = null;
  try {
    // The client is loaded by the first one, which would count as the engine's time.
    await measure(run, connection);
    measured = await measure(run, connection);
    const { keepsHistory } = await change(connection);
    return judgeFleet({ ...measured, keepsHistory }, { timeoutMs: settings.fleetTimeoutMs });
  } catch (error) {
    if (!(error instanceof FleetFailure)) throw error;
    return judgeFleetFailure(target.name, { code: error.code, limitMs, isRead: measured !== null });
  }
}

/** @throws FleetFailure */
async function change(connection: FleetConnection): ReturnType<typeof tryChange> {
  const link = openFleetLink(connection);
  try {
    return await tryChange(link.ask, randomUUID());
  } finally {
    link.close();
  }
}

/** @throws FleetFailure */
async function measure({ settings, clock, circuitName }: FleetRun, connection: FleetConnection): Promise<ReadFleet> {
  const link = openFleetLink(connection);
  try {
    const store = createFleetStore({ ask: link.ask, clock, random: Math.random });
    const names = CIRCUIT_NAMES.map(circuitName);
    const host = settings.fleetHost ?? hostname();
    const startedAtMs = clock.monotonic();
    await store.read([]);
    const connectedAtMs = clock.monotonic();
    const { rows, nowMs } = await store.read([...names, ...CIRCUIT_NAMES]);
    const answeredAtMs = clock.monotonic();
    const roundTripMs = answeredAtMs - connectedAtMs;
    const fleet = { host, quorum: settings.fleetQuorum };
    const views = names.map((name, index) => {
      const row = rows.get(name);
      const bareRow = rows.get(CIRCUIT_NAMES[index] ?? '');
      return row === undefined
        ? null
        : showCircuit(row, { nowMs, probeLeaseMs: settings.probeLeaseMs, fleet, bareRow });
    });
    const hosts = names.flatMap((name) => (rows.get(name)?.hosts ?? []).map((record) => record.host));
    return {
      engine: connection.target.name,
      connectedInMs: connectedAtMs - startedAtMs,
      roundTripMs,
      offsetMs: clock.now() - roundTripMs / 2 - nowMs,
      quorum: settings.fleetQuorum,
      host,
      otherHosts: [...new Set(hosts)].filter((name) => name !== host).toSorted(),
      refusing: views.flatMap((view) => (view === null || view.refusal === null ? [] : [view.name])),
    };
  } finally {
    link.close();
  }
}
