/**
 * Met: with the access rules of docs/fleet.md, `breaker-isolate --fleet s3-upload` isolated every scope, and
 *   `breaker-reset --fleet s3-upload` ended with "no permission": the isolation could not be taken back.
 * Cause: a name without scope was always looked up among the keys of the engine, which needs SCAN.
 * Fix: without that right, the names that this host knows are reset, and the name of the isolation itself
 *   (src/breaker/fleet-circuits.ts).
 */
import { expect, it } from 'vitest';
import type { ShownFleet } from '../../src/breaker/breaker-context.ts';
import { fleetNamesToReset } from '../../src/breaker/fleet-circuits.ts';
import { FleetFailure, type FleetFailureCode } from '../../src/circuit/fleet-store.ts';
import { createFleetStage } from '../support/fleet-stage.ts';
import { createFleetStore } from '../../src/fleet/fleet-store.ts';

/** A fleet whose circuits are isolated in every scope, and open in one; its user may not list them. */
async function prepare(code: FleetFailureCode): Promise<ShownFleet> {
  const { engine, gate } = await createFleetStage();
  await gate.isolate('s3-upload', { by: 'ops', reason: null, forMs: null });
  await gate.reset('s3-upload@x', { by: 'ops', reason: null });
  const store = createFleetStore({
    ask: async (work) => await work(engine, new AbortController().signal),
    clock: { sleep: async () => await Promise.resolve() },
    random: () => 0,
  });
  const names = async (): Promise<never> => await Promise.reject(new FleetFailure(code));
  const member = { host: 'a', quorum: 2 };
  return { name: 'redis://engine', member, gate, store: { ...store, names, answeredAtMs: () => null } };
}

it.each([
  { queries: ['s3-upload'], known: ['s3-upload@x', 's3-upload@never-used'] },
  { queries: [], known: ['s3-download@x', 's3-upload@x'] },
])('resets what this host knows where keys cannot be listed: $queries', async (asked) => {
  const fleet = await prepare('no_permission');
  expect(await fleetNamesToReset(fleet, asked)).toEqual({
    names: ['s3-upload', 's3-upload@x'],
    missing: 'no_permission',
  });
});

it('does not hide that the engine cannot be asked', async () => {
  const fleet = await prepare('timeout');
  await expect(fleetNamesToReset(fleet, { queries: [], known: [] })).rejects.toMatchObject({ code: 'timeout' });
});
