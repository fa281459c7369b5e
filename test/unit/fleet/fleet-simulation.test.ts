import { describe, expect, it } from 'vitest';
import { simulate, type Scenario } from '../../../bench/fleet-simulation.ts';

/** One host that always fails and calls all the time, among hosts that seldom do. */
const ONE_BAD_HOST: Scenario = {
  name: 'one bad host',
  hosts: 20,
  everyS: (host) => (host === 0 ? 5 : 3600),
  lengthS: 7200,
  failureRate: (host) => (host === 0 ? 1 : 0),
};
const OUTAGE: Scenario = {
  name: 'an outage',
  hosts: 20,
  everyS: () => 30,
  lengthS: 600,
  failureRate: (_host, atS) => (atS > 200 && atS < 260 ? 1 : 0),
};

describe('a simulated fleet', () => {
  it('refuses no call of other hosts for one bad host at a quorum of 2, and does at a quorum of 1', () => {
    expect(simulate(ONE_BAD_HOST, 2, 7919).wronglyRefused).toBe(0);
    expect(simulate(ONE_BAD_HOST, 1, 7919).wronglyRefused).toBeGreaterThan(0);
  });

  it('sends fewer requests into an outage than hosts that learn of it alone', () => {
    const [alone, together] = [null, 2].map((quorum) => simulate(OUTAGE, quorum, 7919).failed);
    expect(together).toBeLessThan((alone ?? 0) / 2);
  });
});
