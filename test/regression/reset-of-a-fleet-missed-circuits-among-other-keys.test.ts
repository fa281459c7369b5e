/**
 * Met: in a Redis with 400,000 keys of other programs, `breaker-reset --fleet s3-upload` and `--all` ended with status 0,
 *   and the isolated circuits stayed isolated. With 5 ms to the server and 50,000 keys, both ended with "timeout".
 * Cause: the list of circuits ended after 100 pages as if it were whole, and all pages had to come within one
 *   --fleet-timeout. Where nothing was found, nothing was said, as with a URL that names the wrong database.
 * Fix: each page is a call of its own; if the keys are too many, circuits that this host knows are reset, with a warning
 *   (src/fleet/fleet-store.ts, src/breaker/fleet-circuits.ts, src/commands/breaker-reset.ts).
 */
import { describe, expect, it } from 'vitest';
import { fleetNamesToReset } from '../../src/breaker/fleet-circuits.ts';
import type { Ask } from '../../src/fleet/fleet-store.ts';
import { createFleetStore } from '../../src/fleet/fleet-store.ts';
import type { Engine, KeyPage } from '../../src/fleet/engine.ts';
import { createFleetStage } from '../support/fleet-stage.ts';
import { Program } from '../support/program.ts';
import { ENGINES, startRedis } from '../support/redis-server.ts';
import { openTestFleet } from '../support/test-fleet.ts';

/** A fleet with two isolated circuits, whose engine has that many pages of other keys before each page of its own. */
async function prepare(otherPages: number) {
  const { engine, gate } = await createFleetStage();
  for (const circuit of ['s3-upload', 's3-upload@x'])
    await gate.isolate(circuit, { by: 'ops', reason: null, forMs: null });
  let asks = 0;
  const listKeys = async (cursor: string | null): Promise<KeyPage> => {
    const page = Number(cursor ?? 0);
    if (page < otherPages) return { keys: [], cursor: String(page + 1) };
    return await engine.listKeys(null);
  };
  const shared: Engine = {
    read: engine.read,
    compareAndSet: engine.compareAndSet,
    readList: engine.readList,
    isOpen: engine.isOpen,
    close: engine.close,
    listKeys,
  };
  const ask: Ask = async (work) => {
    asks += 1;
    return await work(shared, new AbortController().signal);
  };
  const store = createFleetStore({ ask, clock: { sleep: async () => await Promise.resolve() }, random: () => 0 });
  const fleet = {
    name: 'redis://engine',
    member: { host: 'a', quorum: 2 },
    gate,
    store: { ...store, answeredAtMs: () => null },
  };
  return { fleet, asks: () => asks };
}

describe('the circuits of a fleet to reset, among keys of other programs', () => {
  it('are found behind many pages, each of which has the time of a call', async () => {
    const { fleet, asks } = await prepare(500);
    const found = await fleetNamesToReset(fleet, { queries: ['s3-upload'], known: [] });
    expect(found).toEqual({ names: ['s3-upload', 's3-upload@x'], missing: null });
    expect(asks()).toBe(501);
  });

  it('are those that this host knows where there are too many', async () => {
    const { fleet, asks } = await prepare(1_000_000);
    const known = ['s3-upload@x', 's3-upload@never-used'];
    const found = await fleetNamesToReset(fleet, { queries: [], known });
    expect(found).toEqual({ names: ['s3-upload', 's3-upload@x'], missing: 'too_many_keys' });
    expect(asks()).toBe(1001);
  });
});

describe.runIf(ENGINES.includes('redis-server'))('breaker-reset --fleet', () => {
  it('finds an isolation among 150,000 other keys, and says where there is none', async () => {
    await using engine = await startRedis();
    await using program = await Program.create();
    const env = { BREAKWATER_FLEET: engine.url, BREAKWATER_FLEET_TIMEOUT: '5s' };
    const empty = await program.run(['breaker-reset', '--fleet', 's3-upload'], { env });
    expect([empty.status, empty.stderr]).toEqual([0, expect.stringContaining('nothing was reset: the fleet at')]);
    await engine.command('EVAL', "for i = 1, 150000 do redis.call('SET', 'other:' .. i, '') end", '0');
    const others = await program.run(['breaker-isolate', '--fleet', 's3-upload@elsewhere'], { env });
    expect(others.status).toBe(0);
    const fleet = openTestFleet(engine.url);
    expect(await fleet.names()).toEqual({ names: ['s3-upload@elsewhere'], isComplete: true });
    fleet.close();
    await using stranger = await Program.create();
    const { status, text } = await stranger.run(['breaker-reset', '--fleet', '--all'], { env });
    expect([status, text]).toEqual([0, expect.stringContaining('s3-upload@elsewhere is closed (was isolated)')]);
  });
});
