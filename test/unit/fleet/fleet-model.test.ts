import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Verdict } from '../../../src/circuit/circuit.ts';
import { FleetWorld, type FleetAction } from '../../support/fleet-world.ts';

/** Of 20 runs, every second time none sees some change that must be seen; of 250, once in some thousand times. */
const RUNS = Number(process.env['BREAKWATER_MODEL_RUNS'] ?? 1000);

const host = fc.nat(2);
const permit = fc.constantFrom(0, 0, 0, 1);
const verdict = fc.constantFrom<Verdict>('failure', 'success', 'failure', 'success', 'neutral');
const isEveryScope = fc.boolean();
const forMs = fc.option(fc.constantFrom(1, 1000, 60_000));
const simple: fc.Arbitrary<Exclude<FleetAction, { kind: 'overtake' }>> = fc.oneof(
  { weight: 30, arbitrary: fc.record({ kind: fc.constant('command' as const), host }) },
  { weight: 40, arbitrary: fc.record({ kind: fc.constant('settle' as const), host, permit, verdict }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('renew' as const, 'attempt' as const), host, permit }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('look' as const, 'crash' as const), host }) },
  {
    weight: 15,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      byMs: fc.oneof(fc.constantFrom(1, 1000, 30_000, 60_000), fc.integer({ min: -70_000, max: 70_000 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const), isEveryScope }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('isolate' as const), isEveryScope, forMs }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('flush' as const, 'fail_over' as const) }) },
);
const actions = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: simple },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('overtake' as const), act: simple }) },
  ),
  { minLength: 60, maxLength: 100, size: 'max' },
);
const settings = fc.record({
  failureThreshold: fc.integer({ min: 2, max: 5 }),
  successThreshold: fc.integer({ min: 1, max: 2 }),
  openForMs: fc.constantFrom(1000, 60_000),
  probeLeaseMs: fc.constantFrom(1000, 30_000),
});

it(`keeps the rules over ${RUNS} random runs of hosts that lose comparisons, rows and the last write`, async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(settings, fc.integer({ min: 1, max: 2 }), actions, async (own, quorum, steps) => {
      const world = new FleetWorld(own, quorum);
      for (const step of steps) await world.act(step);
      for (const change of world.seen) seen.add(change);
    }),
    { numRuns: RUNS },
  );
  expect([...seen].toSorted()).toEqual(
    expect.arrayContaining([
      'closed>closed',
      'closed>open',
      'half_open>closed',
      'half_open>half_open',
      'half_open>open',
      'none>closed',
      'open>half_open',
    ]),
  );
});

/** Whatever three hosts do first, within bounds; each way is a run of its own. */
it('keeps the rules in every state within bounds', async () => {
  const own = { failureThreshold: 2, successThreshold: 1, openForMs: 4, probeLeaseMs: 2 };
  const plain: Exclude<FleetAction, { kind: 'overtake' }>[] = [
    ...[0, 1].map((each) => ({ kind: 'command' as const, host: each })),
    ...[0, 1].flatMap((each) =>
      (['failure', 'success'] as const).map((how) => ({
        kind: 'settle' as const,
        host: each,
        permit: 0,
        verdict: how,
      })),
    ),
    { kind: 'clock', byMs: 2 },
    { kind: 'clock', byMs: 4 },
    { kind: 'clock', byMs: -3 },
    { kind: 'flush' },
    { kind: 'fail_over' },
    { kind: 'reset', isEveryScope: false },
  ];
  const overtakes = plain.slice(0, 6).map((act): FleetAction => ({ kind: 'overtake', act }));
  const all: readonly FleetAction[] = [...plain, ...overtakes];
  const known = new Set<string>();
  let wave: readonly (readonly FleetAction[])[] = [[]];
  for (let depth = 0; depth < 9 && known.size < 1500; depth += 1) {
    const next: (readonly FleetAction[])[] = [];
    for (const path of wave) {
      for (const action of all) {
        const way = [...path, action];
        const world = new FleetWorld(own, 2);
        for (const step of way) await world.act(step);
        const key = `${action.kind === 'overtake' ? JSON.stringify(action) : ''}${world.key()}`;
        if (known.has(key)) continue;
        known.add(key);
        next.push(way);
      }
    }
    wave = next;
  }
  expect(known.size).toBeGreaterThan(1000);
});
