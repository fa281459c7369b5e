import { describe, expect, it } from 'vitest';
import {
  DEFAULT_CIRCUIT_SETTINGS,
  type CircuitRow,
  type CircuitSettings,
  type Permit,
  type ProcessIdentity,
} from '../../../src/circuit/circuit.ts';
import { createCircuitGate, type CircuitGate } from '../../../src/circuit/circuit-gate.ts';
import { initialRow } from '../../../src/circuit/state-machine.ts';
import type { Event } from '../../../src/events.ts';
import { refusalOf } from '../../support/fake-circuits.ts';
import { createMemoryCircuits, type MemoryCircuits } from '../../support/memory-circuits.ts';

const NAME = 's3-upload@x';
const ME: ProcessIdentity = { pid: 1, startTime: '1', bootId: 'b', pidNamespace: 'n', host: 'h', command: 'put' };
const OTHER: ProcessIdentity = { ...ME, pid: 2 };
const FAILURE = { code: 'SlowDown', message: 'slower', httpStatus: 503, requestId: 'r' };
const CLOSED = initialRow(NAME, DEFAULT_CIRCUIT_SETTINGS);

interface Stage {
  readonly gate: CircuitGate;
  readonly store: MemoryCircuits;
  readonly events: Event[];
  readonly clock: { nowMs: number };
  readonly dead: Set<number>;
}

function createStage(
  rows: readonly CircuitRow[] = [],
  settings: Partial<CircuitSettings> = {},
  store = createMemoryCircuits(...rows),
): Stage {
  const events: Event[] = [];
  const clock = { nowMs: 1000 };
  const dead = new Set<number>();
  let tokens = 0;
  const gate = createCircuitGate({
    store,
    settings: { ...DEFAULT_CIRCUIT_SETTINGS, ...settings },
    clock: { now: () => clock.nowMs, monotonic: () => 0, sleep: async () => await Promise.resolve() },
    process: ME,
    isOwnerAlive: ({ pid }) => !dead.has(pid),
    newToken: () => `token-${(tokens += 1)}`,
    emit: (event) => events.push(event),
  });
  return { gate, store, events, clock, dead };
}

function admit({ gate }: Stage): Permit {
  const admission = gate.admit(NAME);
  if (admission.kind === 'refused') throw new Error(`refused: ${admission.refusal.reason}`);
  return admission.permit;
}

const OPEN: CircuitRow = { ...CLOSED, state: 'open', epoch: 1000, failures: 5, openedAtMs: 1000, openForMs: 60_000 };
const HALF_OPEN: CircuitRow = {
  ...OPEN,
  state: 'half_open',
  epoch: 1001,
  lease: { token: 'theirs', expiresAtMs: 5000, owner: OTHER },
};

const LEASE = HALF_OPEN.lease!;
const MANUAL = { by: 'ops', atMs: 0, reason: null, untilMs: null };

describe('the gate', () => {
  it('takes no write lock for a healthy circuit, stored or not', () => {
    const stage = createStage();
    stage.gate.settle(admit(stage), 'success');
    stage.gate.settle(admit(stage), 'neutral');
    expect([stage.store.writes(), stage.store.list()]).toEqual([0, []]);
  });

  it('stores a failure with its cause, its time and its process', () => {
    const stage = createStage();
    const permit = admit(stage);
    stage.clock.nowMs = 2000;
    stage.gate.settle(permit, 'failure', FAILURE);
    expect(stage.store.read(NAME)).toEqual({
      ...CLOSED,
      failures: 1,
      lastFailure: { ...FAILURE, atMs: 2000, process: ME },
    });
  });

  it('keeps the last error if a failure has none', () => {
    const lastFailure = { ...FAILURE, atMs: 1, process: OTHER };
    const stage = createStage([{ ...CLOSED, failures: 1, lastFailure }]);
    stage.gate.settle(admit(stage), 'failure');
    expect(stage.store.read(NAME)).toMatchObject({ failures: 2, lastFailure });
  });

  it('emits one event per change, and no other', () => {
    const stage = createStage([], { failureThreshold: 2 });
    const counted = { kind: 'failures_counted', circuit: NAME, failures: 1, failureThreshold: 2 };
    stage.gate.settle(admit(stage), 'failure', FAILURE);
    expect(stage.events).toEqual([counted]);
    stage.gate.settle(admit(stage), 'failure', FAILURE);
    // The second call is told of the failure before it.
    expect(stage.events).toMatchObject([
      counted,
      counted,
      { kind: 'circuit_changed', transition: { circuit: NAME, from: 'closed', to: 'open', epoch: 1000 } },
    ]);
    expect(stage.gate.admit(NAME)).toMatchObject({
      kind: 'refused',
      refusal: { reason: 'open', retryAfterMs: 60_000 },
    });
    expect(stage.events).toHaveLength(3);
  });

  it('emits an event for a success that ends a failure streak, and none for other successes', () => {
    const stage = createStage([{ ...CLOSED, failures: 2 }]);
    stage.gate.settle(admit(stage), 'success');
    const kind = 'failures_counted';
    expect(stage.events).toMatchObject([
      { kind, failures: 2 },
      { kind, failures: 0 },
    ]);
    stage.gate.settle(admit(stage), 'success');
    expect(stage.events).toHaveLength(2);
  });

  it('emits no count of failures when a probe closes the circuit', () => {
    const stage = createStage([{ ...HALF_OPEN, lease: null }], { successThreshold: 1 });
    stage.gate.settle(admit(stage), 'success');
    expect(stage.events).toMatchObject([{ kind: 'circuit_changed', transition: { to: 'closed' } }]);
    expect(stage.events).toHaveLength(1);
  });

  it('writes nothing if the row is removed before the write and the step then changes nothing', () => {
    const stage = createStage([{ ...CLOSED, failures: 2 }]);
    const permit = admit(stage);
    stage.store.beforeNextWrite(() => stage.store.remove(NAME));
    stage.gate.settle(permit, 'success');
    expect(stage.store.read(NAME)).toBeUndefined();
  });

  it('settles a permit once', () => {
    const stage = createStage();
    const permit = admit(stage);
    stage.gate.settle(permit, 'failure', FAILURE);
    stage.gate.settle(permit, 'failure', FAILURE);
    expect(stage.store.read(NAME)?.failures).toBe(1);
  });

  it('ignores a stale result and emits an event for it', () => {
    const stage = createStage([OPEN]);
    stage.gate.settle({ circuit: NAME, epoch: 0, probeToken: null }, 'failure', FAILURE);
    expect(stage.store.read(NAME)).toEqual(OPEN);
    expect(stage.events).toEqual([
      { kind: 'result_ignored', circuit: NAME, verdict: 'failure', state: 'open', permitEpoch: 0, epoch: 1000 },
    ]);
  });

  it('decides by the row inside the transaction, not by the one read before', () => {
    const stage = createStage([{ ...CLOSED, failures: 4 }]);
    const permit = admit(stage);
    stage.store.beforeNextWrite(() =>
      stage.store.update(NAME, () => ({ row: { ...CLOSED, epoch: 7 }, transitions: [], result: null })),
    );
    stage.gate.settle(permit, 'failure', FAILURE);
    expect(stage.store.read(NAME)).toEqual({ ...CLOSED, epoch: 7 });
    expect(stage.events).toMatchObject([
      { kind: 'failures_counted', failures: 4 },
      { kind: 'result_ignored', permitEpoch: 0, epoch: 7 },
    ]);
  });

  it('checks without writing and without taking the probe slot', () => {
    const stage = createStage([OPEN]);
    expect(stage.gate.check(NAME)).toEqual(
      refusalOf({ circuit: NAME, refusedBy: NAME, epoch: 1000, retryAfterMs: 60_000, retryAtMs: 61_000 }),
    );
    stage.clock.nowMs = 61_000;
    expect(stage.gate.check(NAME)).toBeNull();
    expect([stage.store.writes(), stage.store.read(NAME)]).toEqual([0, OPEN]);
  });

  it('gives the probe slot to one caller, with its own token', () => {
    const stage = createStage([OPEN]);
    stage.clock.nowMs = 61_000;
    const probe = admit(stage);
    expect(probe).toEqual({ circuit: NAME, epoch: 61_000, probeToken: expect.stringMatching(/^token-/) });
    expect(stage.store.read(NAME)?.lease).toEqual({ token: probe.probeToken, expiresAtMs: 91_000, owner: ME });
    expect(stage.gate.admit(NAME)).toMatchObject({ refusal: { reason: 'probe_in_progress', retryAfterMs: 30_000 } });
    stage.gate.settle(probe, 'neutral');
    expect(admit(stage).probeToken).not.toBe(probe.probeToken);
  });

  it('asks whether the owner of a lease is alive, and does not ask without a lease', () => {
    const stage = createStage([HALF_OPEN]);
    expect(stage.gate.check(NAME)).toMatchObject({ reason: 'probe_in_progress' });
    stage.dead.add(OTHER.pid);
    expect(stage.gate.check(NAME)).toBeNull();
    expect(createStage([{ ...HALF_OPEN, lease: null }]).gate.check(NAME)).toBeNull();
  });

  it('knows whether a permit still counts, and renews only that', () => {
    const stage = createStage([OPEN]);
    stage.clock.nowMs = 61_000;
    const probe = admit(stage);
    stage.clock.nowMs = 70_000;
    expect([stage.gate.isCurrent(probe), stage.gate.renew(probe)]).toEqual([true, true]);
    expect(stage.store.read(NAME)?.lease?.expiresAtMs).toBe(100_000);
    stage.gate.settle(probe, 'failure', FAILURE);
    expect([stage.gate.isCurrent(probe), stage.gate.renew(probe)]).toEqual([false, false]);
    expect(stage.store.read(NAME)?.openedAtMs).toBe(70_000);
  });

  it.each([OPEN, HALF_OPEN, CLOSED])('resets a circuit that is $state, and stores who, when and why', (row) => {
    const stage = createStage([row]);
    const change = stage.gate.reset(NAME, { by: 'ops', reason: 'back' });
    expect(change).toMatchObject({
      from: row.state,
      to: 'closed',
      epoch: Math.max(row.epoch + 1, 1000),
      manual: { by: 'ops', atMs: 1000, reason: 'back', untilMs: null },
    });
    expect(stage.store.read(NAME)).toMatchObject({
      state: 'closed',
      failures: 0,
      lease: null,
      epoch: Math.max(row.epoch + 1, 1000),
    });
    expect(stage.events).toMatchObject([{ kind: 'circuit_changed', transition: change }]);
  });

  it('isolates until a time or without an end', () => {
    const stage = createStage();
    stage.gate.isolate(NAME, { by: 'ops', reason: null, forMs: 500 });
    expect(stage.gate.check(NAME)).toMatchObject({ reason: 'isolated', retryAfterMs: 500 });
    stage.gate.isolate(NAME, { by: 'ops', reason: null, forMs: null });
    expect(stage.gate.check(NAME)).toMatchObject({ reason: 'isolated', retryAfterMs: null });
    expect(stage.store.transitions({ limit: 9 }).map(({ epoch }) => epoch)).toEqual([1001, 1000]);
  });

  it.each([
    ['opened', { ...OPEN, openedAtMs: 9000 }, { openedAtMs: 1000 }],
    [
      'leased',
      { ...HALF_OPEN, lease: { ...LEASE, expiresAtMs: 99_000 } },
      { lease: { ...LEASE, expiresAtMs: 31_000 } },
    ],
    [
      'isolated',
      { ...CLOSED, state: 'isolated', manual: { ...MANUAL, atMs: 9000, untilMs: 9500 } },
      { manual: { ...MANUAL, atMs: 1000, untilMs: 1500 } },
    ],
  ] as const)('stores what a check has corrected: %s in the future', (_what, row, corrected) => {
    const stage = createStage([row]);
    expect(stage.gate.check(NAME)).not.toBeNull();
    expect(stage.store.read(NAME)).toEqual({ ...row, ...corrected });
    expect([stage.gate.check(NAME) !== null, stage.store.writes()]).toEqual([true, 1]);
  });

  it('writes nothing in a check that is overtaken and would now be admitted', () => {
    const stage = createStage([{ ...OPEN, openedAtMs: 9000 }]);
    stage.store.beforeNextWrite(() => stage.gate.reset(NAME, { by: 'ops', reason: null }));
    expect(stage.gate.check(NAME)).toBeNull();
    expect(stage.store.read(NAME)).toMatchObject({ state: 'closed', epoch: 1001 });
  });

  it('reads one row for a name without a scope', () => {
    const memory = createMemoryCircuits();
    const reads: string[] = [];
    const { gate } = createStage([], {}, { ...memory, read: (name) => (reads.push(name), memory.read(name)) });
    expect([gate.check('s3-upload'), reads]).toEqual([null, ['s3-upload']]);
  });

  describe('under an isolation of every scope', () => {
    const isolateAll = (stage: Stage, forMs: number | null): void =>
      void stage.gate.isolate('s3-upload', { by: 'ops', reason: 'move', forMs });

    it('refuses a circuit without a record, and writes none', () => {
      const stage = createStage();
      isolateAll(stage, 500);
      const refusal = { circuit: NAME, refusedBy: 's3-upload', epoch: 1000, reason: 'isolated', retryAfterMs: 500 };
      expect(stage.gate.check(NAME)).toMatchObject({
        ...refusal,
        manual: { by: 'ops', reason: 'move', untilMs: 1500 },
      });
      expect(stage.gate.admit(NAME)).toMatchObject({ kind: 'refused', refusal });
      expect(stage.gate.check('s3-download@x')).toBeNull();
      expect(stage.store.list().map(({ name }) => name)).toEqual(['s3-upload']);
    });

    it('ends at its time, for good: not even a clock that jumps back revives it', () => {
      const stage = createStage();
      isolateAll(stage, 500);
      stage.clock.nowMs = 1500;
      expect([stage.gate.check(NAME), stage.store.writes()]).toEqual([null, 1]);
      admit(stage);
      stage.clock.nowMs = 1200;
      expect(stage.gate.check(NAME)).toBeNull();
      expect(stage.store.transitions({ limit: 1 })).toMatchObject([{ circuit: 's3-upload', why: 'isolation_ended' }]);
    });

    it('lets no further attempt out, and counts what was in flight', () => {
      const stage = createStage();
      const permit = admit(stage);
      isolateAll(stage, 500);
      expect(stage.gate.isCurrent(permit)).toBe(false);
      stage.gate.settle(permit, 'failure', FAILURE);
      expect(stage.store.read(NAME)).toMatchObject({ failures: 1 });
      stage.clock.nowMs = 1500;
      expect(stage.gate.isCurrent(permit)).toBe(true);
      expect(stage.gate.isCurrent(admit(stage))).toBe(true);
    });

    it.each([
      ['that is open', OPEN, 's3-upload', 500],
      [
        'that is isolated for longer',
        { ...CLOSED, state: 'isolated', manual: { ...MANUAL, untilMs: 9000 } },
        NAME,
        8000,
      ],
      ['that is isolated until a reset', { ...CLOSED, state: 'isolated', manual: MANUAL }, NAME, null],
      [
        'that is isolated for less',
        { ...CLOSED, state: 'isolated', manual: { ...MANUAL, untilMs: 1100 } },
        's3-upload',
        500,
      ],
      [
        'that is isolated until the same time',
        { ...CLOSED, state: 'isolated', manual: { ...MANUAL, untilMs: 1500 } },
        's3-upload',
        500,
      ],
    ] as const)('is refused by what lasts longer: a circuit %s', (_what, row, refusedBy, retryAfterMs) => {
      const stage = createStage([row]);
      isolateAll(stage, 500);
      expect(stage.gate.check(NAME)).toMatchObject({ refusedBy, retryAfterMs });
    });

    it('corrects the times of the circuit itself, too', () => {
      const stage = createStage([{ ...OPEN, openedAtMs: 9000 }]);
      isolateAll(stage, null);
      expect(stage.gate.admit(NAME)).toMatchObject({ refusal: { refusedBy: 's3-upload', retryAfterMs: null } });
      expect(stage.store.read(NAME)).toEqual(OPEN);
    });

    it('is over as soon as it is reset, even between a look and an admission', () => {
      const stage = createStage([
        { ...CLOSED, name: 's3-upload', state: 'isolated', manual: { ...MANUAL, untilMs: 1000 } },
      ]);
      stage.store.beforeNextWrite(() => stage.gate.reset('s3-upload', { by: 'ops', reason: null }));
      admit(stage);
      expect(stage.store.read('s3-upload')).toMatchObject({ state: 'closed', epoch: 1000 });
    });

    it('ignores a bare name that is no isolation', () => {
      const stage = createStage([{ ...OPEN, name: 's3-upload' }]);
      expect(stage.gate.check(NAME)).toBeNull();
    });
  });
});
