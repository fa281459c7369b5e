/**
 * Met: with a silent engine, a `put` ended up to 173 ms later than without a fleet, although `--fleet-timeout` was 150 ms;
 *   and each command of a loop loaded the client, also while the engine was known to have failed and was not asked.
 * Cause: the timeout began when the client was loaded, and the client was loaded with the settings of the fleet.
 * Fix: the client is loaded by the first call that asks, and its loading counts, up to an eighth of the timeout: on a cold
 *   machine, no call would ever be answered otherwise (src/fleet/fleet-link.ts). While it waits, the command connects to
 *   S3 (src/cli/s3-access.ts). test/process/fleet-lateness.test.ts measures it from outside.
 */
import { expect, it } from 'vitest';
import { FleetFailure } from '../../src/circuit/fleet-store.ts';
import { FleetLink } from '../../src/fleet/fleet-link.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/** An engine that never answers, whose client takes so long to load. */
function prepare({ loadingMs = 0 } = {}) {
  const clock = new VirtualClock();
  let [failedAtMs, loads]: [number | null, number] = [null, 0];
  const link = new FleetLink({
    load: async () => {
      loads += 1;
      await clock.sleep(loadingMs);
      return async () => await new Promise(() => undefined);
    },
    toFailure: (error) => (error instanceof FleetFailure ? error : new FleetFailure('internal')),
    timeoutMs: 160,
    clock,
    failures: { read: () => failedAtMs, note: () => (failedAtMs = clock.now()) },
  });
  const ask = async (): Promise<unknown> =>
    await link.ask(async () => await Promise.resolve()).catch((error: unknown) => error);
  return { clock, ask, loads: () => loads };
}

it.each([
  [0, 160],
  [12, 160],
  [20, 160],
  [500, 640],
])('ends a call whose client takes %i ms to load after %i ms', async (loadingMs, endsAfterMs) => {
  const { clock, ask } = prepare({ loadingMs });
  let ended: unknown = null;
  const asking = ask().then((result) => (ended = result));
  // Loaded, then waited for.
  await clock.advance(loadingMs);
  await clock.advance(endsAfterMs - loadingMs - 1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBeNull();
  await clock.advance(1);
  await asking;
  expect(ended).toMatchObject({ code: 'timeout' });
});

it('loads no client while the engine is known to have failed', async () => {
  const { clock, ask, loads } = prepare();
  const asking = ask();
  await clock.advance(0);
  await clock.advance(160);
  await asking;
  expect(await ask()).toMatchObject({ code: 'failed_recently' });
  expect(loads()).toBe(1);
});
