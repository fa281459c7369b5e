import { systemClock } from '../../src/clock.ts';
import { parseFleetUrl } from '../../src/fleet/fleet-url.ts';
import { openFleet, type Fleet } from '../../src/fleet/open-fleet.ts';

/** A fleet without a memory of failures, and with time enough for a busy machine. */
export function openTestFleet(url: string, { timeoutMs = 5000, certificates = null as string | null } = {}): Fleet {
  return openFleet({
    target: parseFleetUrl(url, { origin: 'test', certificates }),
    timeoutMs,
    clock: systemClock,
    random: Math.random,
    failures: { read: () => null, note: () => undefined },
  });
}
