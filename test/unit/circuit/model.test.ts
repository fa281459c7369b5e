import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CircuitSettings } from '../../../src/circuit/circuit.ts';
import { CIRCUIT, CircuitWorld, EVERY_SCOPE, type Action, type Observed } from '../../support/circuit-world.ts';

/** Random runs; `npm run proof` asks for 10,000. */
const RUNS = Number(process.env['BREAKWATER_MODEL_RUNS'] ?? 1000);
/** A run that failed is repeated with its seed; mutation testing has a fixed one, so that its score does not wander. */
const SEED = process.env['BREAKWATER_MODEL_SEED'];
/** Every run that ever failed, smallest form: run first each time, and added to by a run that fails. */
const KEPT = new URL('../../support/circuit-model-failures.json', import.meta.url);

interface KeptFailure {
  readonly seed: number;
  readonly path: string | null;
  readonly run: [CircuitSettings, readonly Action[]];
}

/** Isolations of the runs, in ms. */
const ISOLATION_MAX_MS = 60_000;
/** Actions that change no circuit. */
const IDLE: ReadonlySet<string> = new Set(['clock', 'settings', 'crash', 'overtake']);

const actor = fc.constantFrom(0, 0, 0, 1, 2, 3);
const settings = fc.record({
  failureThreshold: fc.integer({ min: 1, max: 4 }),
  successThreshold: fc.integer({ min: 1, max: 3 }),
  openForMs: fc.constantFrom(1, 1000, 60_000),
  probeLeaseMs: fc.constantFrom(1, 1000, 30_000),
});
const action = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('admit' as const), process: actor }) },
  { weight: 20, arbitrary: fc.record({ kind: fc.constant('command' as const), process: actor }) },
  {
    weight: 40,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      process: actor,
      permit: fc.constantFrom(0, 0, 0, 1, 2),
      verdict: fc.constantFrom(
        'failure' as const,
        'success' as const,
        'failure' as const,
        'success' as const,
        'neutral' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('renew' as const), process: actor, permit: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('crash' as const), process: actor, isInTransaction: fc.boolean() }),
  },
  {
    weight: 15,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      byMs: fc.oneof(fc.constantFrom(1, 999, 1000, 1000, 30_000, 60_000), fc.integer({ min: -100_000, max: 100_000 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settings' as const), process: actor, settings }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('reset' as const), process: actor, isEveryScope: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('isolate' as const),
      process: actor,
      forMs: fc.option(fc.constantFrom(1, 1000, ISOLATION_MAX_MS)),
      isEveryScope: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('look' as const), process: actor }) },
);
const actions: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.oneof(
    { weight: 9, arbitrary: action },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('overtake' as const), act: action }) },
  ),
  { minLength: 60, maxLength: 120, size: 'max' },
);

it(`keeps every invariant of docs/circuit.md over ${RUNS} random runs of processes that race, die and disagree`, () => {
  const seen = new Map<string, number>();
  const kept = JSON.parse(readFileSync(KEPT, 'utf8')) as readonly KeptFailure[];
  const property = fc.property(settings, actions, (initial, steps) => {
    const world = new CircuitWorld(4, initial);
    let probesProved = 0;
    for (const step of steps) {
      for (const observed of world.act(step)) {
        for (const { why } of observed.added) seen.set(why, (seen.get(why) ?? 0) + 1);
        probesProved = countProofs(observed, probesProved);
        expectNothingLetThrough(observed);
        expectBoundedRefusal(observed);
        expectOnlyDueChanges(observed);
        expectClosedForAReason(observed, probesProved);
        if (observed.added.some(({ to }) => to === 'half_open')) probesProved = 0;
      }
      expectEpochs(world);
      expectOneProbe(world);
    }
  });
  const details = fc.check(property, {
    numRuns: RUNS + kept.length,
    examples: kept.map(({ run }) => run),
    ...(SEED === undefined ? {} : { seed: Number(SEED) }),
  });
  if (details.failed) {
    const { seed, counterexamplePath: path, counterexample: run } = details;
    if (SEED === undefined && run !== null) {
      writeFileSync(KEPT, `${JSON.stringify([...kept, { seed, path, run } satisfies KeptFailure], null, 1)}\n`);
    }
    throw new Error(fc.defaultReportMessage(details) ?? 'failed');
  }
  // A model that never reaches a state proves nothing about it.
  expect([...seen.keys()].toSorted()).toEqual([
    'isolated',
    'isolation_ended',
    'probe_due',
    'probe_failed',
    'probes_succeeded',
    'reset',
    'threshold_reached',
  ]);
});

/** Fresh successes of probes since half-open was entered. */
function countProofs({ action: each, before, wasCurrent, crashed }: Observed, proved: number): number {
  const isProof = each.kind === 'settle' && each.verdict === 'success' && wasCurrent && !crashed;
  return isProof && before?.state === 'half_open' ? proved + 1 : proved;
}

/** 2: the epoch rises with each change, by one or to the time in ms, and each change is recorded once. */
function expectEpochs({ row, bareRow, transitions }: CircuitWorld): void {
  for (const [name, stored] of [
    [CIRCUIT, row],
    [EVERY_SCOPE, bareRow],
  ] as const) {
    const changes = transitions.filter(({ circuit }) => circuit === name);
    const epochs = changes.map(({ epoch }) => epoch);
    expect(epochs).toEqual(changes.map(({ atMs }, index) => Math.max((epochs[index - 1] ?? 0) + 1, atMs)));
    expect(stored?.epoch ?? 0).toBe(epochs.at(-1) ?? 0);
  }
}

/** 1: of all that was given out, at most one probe still counts, and it is the lease's. */
function expectOneProbe(world: CircuitWorld): void {
  const probes = world.currentPermits().filter(({ probeToken }) => probeToken !== null);
  expect(probes.length).toBeLessThanOrEqual(1);
  for (const { probeToken } of probes) expect(world.row?.lease?.token).toBe(probeToken);
}

/** 3: nobody is admitted while open and not due, isolated, or while a living owner probes. */
function expectNothingLetThrough({ before, bareSeen, admission, nowMs, wasOwnerAlive }: Observed): void {
  if (admission?.kind !== 'admitted') return;
  // A reset that overtakes a look is as good as one before it.
  const isFree = bareSeen.some((bare) => bare?.state !== 'isolated' || (bare.manual?.untilMs ?? Infinity) <= nowMs);
  expect(isFree).toBe(true);
  if (before === undefined) return;
  const { state, openedAtMs, openForMs, lease, manual } = before;
  const isAllowed = {
    closed: () => true,
    open: () => nowMs - openedAtMs! >= openForMs!,
    half_open: () => lease === null || !wasOwnerAlive || lease.expiresAtMs <= nowMs,
    isolated: () => (manual?.untilMs ?? Infinity) <= nowMs,
  }[state]();
  expect([state, isAllowed]).toEqual([state, true]);
}

/** 4: no refusal lasts longer than the open time, or one lease, from now; whatever the clock has done. */
function expectBoundedRefusal({ before, after, admission, settings: own, wasOwnerAlive }: Observed): void {
  if (admission?.kind !== 'refused') return;
  const { reason, retryAfterMs } = admission.refusal;
  if (reason === 'open') {
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(before!.openForMs!);
    expect(after!.openedAtMs! + after!.openForMs!).toBeLessThanOrEqual(before!.openedAtMs! + before!.openForMs!);
  }
  if (reason === 'probe_in_progress') {
    expect(wasOwnerAlive).toBe(true);
    expect(retryAfterMs).toBeLessThanOrEqual(own.probeLeaseMs);
  }
  if (reason === 'isolated' && retryAfterMs !== null) {
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(ISOLATION_MAX_MS);
  }
}

/** 6 and 7: stale and neutral results, looks and dead writes change nothing but a freed slot and times in the future. */
function expectOnlyDueChanges({ action: each, before, after, admission, wasCurrent, crashed }: Observed): void {
  const isRefused = admission?.kind === 'refused';
  const isIdle = crashed || (each.kind === 'look' && !isRefused) || IDLE.has(each.kind);
  if (isIdle || (each.kind === 'settle' && !wasCurrent)) expect(after).toEqual(before);
  if (isRefused && before !== undefined) {
    const { openedAtMs, lease, manual } = before;
    expect({ ...after, openedAtMs, lease, manual }).toEqual(before);
  }
  if (each.kind === 'settle' && wasCurrent && each.verdict === 'neutral' && !crashed && before !== undefined) {
    expect(after).toEqual({ ...before, lease: null });
  }
}

/** 5: closed is entered by enough fresh probes, by hand, or by the end of an isolation. */
function expectClosedForAReason({ added, settings: own, before }: Observed, proved: number): void {
  for (const { to, why, from } of added) {
    if (to !== 'closed') continue;
    expect(['probes_succeeded', 'reset', 'isolation_ended']).toContain(why);
    if (why === 'probes_succeeded') {
      expect(from).toBe('half_open');
      expect(proved).toBeGreaterThanOrEqual(own.successThreshold);
      expect(before?.successes).toBe(proved - 1);
    }
  }
}
