import { describe, expect, it } from 'vitest';
import {
  DEFAULT_CIRCUIT_SETTINGS,
  type CircuitRow,
  type FailureCause,
  type Lease,
  type Permit,
  type Refusal,
} from '../../../src/circuit/circuit.ts';
import type { FleetGate } from '../../../src/circuit/fleet-gate.ts';
import { FleetFailure } from '../../../src/circuit/fleet-store.ts';
import { BreakwaterError } from '../../../src/errors.ts';
import { initialRow } from '../../../src/circuit/state-machine.ts';
import { identityOf } from '../../support/fake-circuits.ts';
import { createFleetStage, ENGINE_NOW as NOW, HOST_NOW, STAGED_CIRCUIT as NAME } from '../../support/fleet-stage.ts';

const BARE = 's3-upload';
const ATTEMPT = { code: 'SlowDown', message: 'slower', httpStatus: 503, requestId: 'r' };
const CAUSE: FailureCause = { ...ATTEMPT, atMs: NOW - 5, process: identityOf(7, 'z') };
const BY_HAND = { by: 'anna', reason: 'works' };

const CLOSED: CircuitRow = { ...initialRow(NAME, DEFAULT_CIRCUIT_SETTINGS), epoch: 500, hosts: [] };
const OPEN: CircuitRow = {
  ...CLOSED,
  state: 'open',
  epoch: 600,
  failures: 5,
  openedAtMs: NOW - 20_000,
  openForMs: 60_000,
  lastFailure: CAUSE,
};
const DUE: CircuitRow = { ...OPEN, openedAtMs: NOW - 60_000 };
const LEASE: Lease = { token: 't-z', expiresAtMs: NOW + 10_000, owner: identityOf(7, 'z'), takenAtMs: NOW - 20_000 };
const HALF_OPEN: CircuitRow = { ...OPEN, state: 'half_open', epoch: 700, openedAtMs: NOW - 80_000, lease: LEASE };
const PROBE: Permit = { circuit: NAME, epoch: 700, probeToken: 't-z' };
const CALL: Permit = { circuit: NAME, epoch: 500, probeToken: null };

function isolated(name: string, forMs: number | null): CircuitRow {
  const atMs = NOW - 1000;
  const untilMs = forMs === null ? null : NOW + forMs;
  return { ...CLOSED, name, state: 'isolated', epoch: 800, manual: { ...BY_HAND, atMs, untilMs } };
}

async function refuse(gate: FleetGate, circuit = NAME): Promise<Refusal> {
  const seen = await gate.check(circuit);
  const admission = await gate.admit(circuit);
  if (admission?.kind !== 'refused') throw new Error('admitted');
  expect(admission.refusal).toEqual(seen);
  return admission.refusal;
}

describe('an admission to a closed circuit', () => {
  it('is one round trip, and writes nothing', async () => {
    const { gate, countCalls, engine, events } = await createFleetStage(CLOSED);
    expect(await countCalls(async () => expect(await gate.check(NAME)).toBeNull())).toBe(1);
    expect(
      await countCalls(async () => expect(await gate.admit(NAME)).toEqual({ kind: 'admitted', permit: CALL })),
    ).toBe(0);
    expect(engine.replaced).toEqual([]);
    expect(events).toEqual([]);
  });

  it('asks the engine once', async () => {
    const { gate, countAsks } = await createFleetStage(CLOSED);
    expect(await countAsks(async () => await gate.admit(NAME))).toBe(1);
  });

  it('writes a row where there is none, so that results count; a look does not', async () => {
    const { gate, other, engine, row, countCalls } = await createFleetStage();
    expect(await gate.check(NAME)).toBeNull();
    expect(engine.replaced).toEqual([]);
    const admitted = { kind: 'admitted', permit: { circuit: NAME, epoch: NOW, probeToken: null } };
    expect(await countCalls(async () => expect(await gate.admit(NAME)).toEqual(admitted))).toBe(1);
    expect(row()).toEqual({ ...CLOSED, epoch: NOW });
    engine.nowMs += 1;
    expect(await other.admit(NAME)).toEqual(admitted);
  });

  it('has a reading of its own, and a look a reading of the last second', async () => {
    const { gate, put, pass, countCalls } = await createFleetStage(CLOSED);
    const admit = async (): Promise<unknown> => await gate.admit(NAME);
    const look = async (): Promise<unknown> => await gate.check(NAME);
    expect([await countCalls(admit), await countCalls(admit), await countCalls(look)]).toEqual([1, 1, 1]);
    await put(OPEN);
    pass(999);
    expect(await look()).toBeNull();
    pass(1);
    expect(await look()).toMatchObject({ reason: 'open', retryAfterMs: 39_000 });
    pass(500);
    expect(await countCalls(async () => expect(await look()).toMatchObject({ retryAfterMs: 38_500 }))).toBe(0);
  });

  it('takes no record of a circuit for that of its bare name', async () => {
    const { gate } = await createFleetStage({ ...OPEN, name: BARE }, CLOSED);
    expect(await gate.admit(NAME)).toEqual({ kind: 'admitted', permit: CALL });
    expect(await gate.admit(BARE)).toMatchObject({ kind: 'refused' });
  });
});

describe('a refusal', () => {
  it("names the fleet's circuit, and tells when by the clock of this host", async () => {
    const { gate, engine } = await createFleetStage(OPEN);
    const circuit = `fleet/${NAME}`;
    const time = { retryAfterMs: 40_000, retryAtMs: HOST_NOW + 40_000 };
    expect(await refuse(gate)).toEqual({
      circuit,
      refusedBy: circuit,
      epoch: 600,
      reason: 'open',
      manual: null,
      lastFailure: CAUSE,
      ...time,
    });
    expect(engine.replaced).toEqual([]);
  });

  it('corrects and stores a time that is in the future, by what it has read', async () => {
    const { gate, row, countCalls } = await createFleetStage({ ...OPEN, openedAtMs: NOW + 500_000 });
    const look = async (): Promise<unknown> => await gate.check(NAME);
    const refusal = { reason: 'open', retryAfterMs: 60_000 };
    expect(await countCalls(async () => expect(await look()).toMatchObject(refusal))).toBe(2);
    expect(row()).toEqual({ ...OPEN, openedAtMs: NOW });
  });

  it('is none if the circuit was closed while it was to be corrected', async () => {
    const { gate, engine, put, row, events } = await createFleetStage({ ...OPEN, openedAtMs: NOW + 500_000 });
    engine.overtake = async () => await put(DUE);
    expect(await gate.check(NAME)).toBeNull();
    expect(row()).toEqual(DUE);
    expect(events).toEqual([]);
  });

  it('of a probe that runs elsewhere ends with its lease', async () => {
    const { gate } = await createFleetStage(HALF_OPEN);
    expect(await refuse(gate)).toMatchObject({ reason: 'probe_in_progress', retryAfterMs: 10_000, epoch: 700 });
  });
});

describe('an isolation', () => {
  it('of the bare name refuses every scope, with or without a record', async () => {
    for (const rows of [[], [CLOSED], [OPEN], [isolated(NAME, 4000)]]) {
      const { gate, engine } = await createFleetStage(isolated(BARE, 5000), ...rows);
      expect(await refuse(gate)).toEqual({
        circuit: `fleet/${NAME}`,
        refusedBy: `fleet/${BARE}`,
        epoch: 800,
        reason: 'isolated',
        retryAfterMs: 5000,
        retryAtMs: HOST_NOW + 5000,
        lastFailure: null,
        manual: { ...BY_HAND, atMs: NOW - 1000, untilMs: NOW + 5000 },
      });
      expect(engine.replaced).toEqual([]);
    }
  });

  it('without an end has no time', async () => {
    const { gate } = await createFleetStage(isolated(BARE, null));
    expect(await refuse(gate)).toMatchObject({ retryAfterMs: null, retryAtMs: null });
    expect(await refuse(gate, BARE)).toMatchObject({ circuit: `fleet/${BARE}`, retryAfterMs: null });
  });

  it('of the scope refuses if it lasts longer', async () => {
    const { gate } = await createFleetStage(isolated(BARE, 5000), isolated(NAME, 6000));
    expect(await refuse(gate)).toMatchObject({ refusedBy: `fleet/${NAME}`, retryAfterMs: 6000 });
  });

  it('that has ended is closed by the next admission, not by a look', async () => {
    const { gate, engine, row, events } = await createFleetStage(isolated(BARE, 0), isolated(NAME, 0));
    expect(await gate.check(NAME)).toBeNull();
    expect(engine.replaced).toEqual([]);
    expect(await gate.admit(NAME)).toEqual({
      kind: 'admitted',
      permit: { circuit: NAME, epoch: NOW, probeToken: null },
    });
    expect(row(BARE)).toMatchObject({ state: 'closed', epoch: NOW });
    expect(row()).toMatchObject({ state: 'closed', epoch: NOW });
    expect(events).toMatchObject(
      [BARE, NAME].map((circuit) => ({
        kind: 'circuit_changed',
        transition: { circuit: `fleet/${circuit}`, from: 'isolated', to: 'closed', why: 'isolation_ended' },
      })),
    );
    engine.nowMs -= 500;
    expect(await gate.check(NAME)).toBeNull();
  });

  it('that has ended costs an admission one round trip for each row that it closes', async () => {
    const { gate, countCalls } = await createFleetStage(isolated(BARE, 0), isolated(NAME, 0));
    expect(await countCalls(async () => await gate.admit(NAME))).toBe(3);
  });
});

describe('a probe', () => {
  it('is taken by the admission, not by the look before it', async () => {
    const { gate, engine, row, events } = await createFleetStage(DUE);
    expect(await gate.check(NAME)).toBeNull();
    expect(engine.replaced).toEqual([]);
    const admission = await gate.admit(NAME);
    const lease = { ...LEASE, token: expect.stringMatching(/^t-\d+$/u) as string, owner: identityOf(1, 'a') };
    expect(row()).toMatchObject({
      state: 'half_open',
      epoch: NOW,
      lease: { ...lease, takenAtMs: NOW, expiresAtMs: NOW + 30_000 },
    });
    expect(admission).toEqual({
      kind: 'admitted',
      permit: { circuit: NAME, epoch: NOW, probeToken: row()?.lease?.token },
    });
    expect(events).toMatchObject([
      { kind: 'circuit_changed', transition: { circuit: `fleet/${NAME}`, from: 'open', to: 'half_open' } },
    ]);
  });

  it('goes to one of two hosts that ask at the same time', async () => {
    const { gate, other, engine } = await createFleetStage(DUE);
    let first: unknown;
    engine.overtake = async () => {
      first = await other.admit(NAME);
    };
    expect(await gate.admit(NAME)).toEqual({
      kind: 'refused',
      refusal: {
        circuit: `fleet/${NAME}`,
        refusedBy: `fleet/${NAME}`,
        epoch: NOW,
        reason: 'probe_in_progress',
        retryAfterMs: 30_000,
        retryAtMs: HOST_NOW + 30_000,
        manual: null,
        lastFailure: CAUSE,
      },
    });
    expect(first).toMatchObject({ kind: 'admitted' });
  });

  it('takes the slot of one whose lease ran out, even if that host lives', async () => {
    const { gate, row } = await createFleetStage({ ...HALF_OPEN, lease: { ...LEASE, expiresAtMs: NOW } });
    expect(await gate.admit(NAME)).toMatchObject({ kind: 'admitted' });
    expect(row()).toMatchObject({ epoch: 700, lease: { owner: { host: 'a' } }, hosts: [{ host: 'z', failures: 0 }] });
  });

  it('keeps its lease by renewals', async () => {
    const { gate, row, pass, failures } = await createFleetStage(HALF_OPEN);
    pass(5000);
    expect(await gate.renew(PROBE)).toBe(true);
    expect(row()?.lease).toEqual({ ...LEASE, expiresAtMs: NOW + 35_000 });
    expect(await gate.renew({ ...PROBE, probeToken: 'another' })).toBe(false);
    expect(await gate.renew({ ...PROBE, epoch: 699 })).toBe(false);
    expect(failures).toEqual([]);
  });
});

describe('a permit', () => {
  it('is current until its epoch ends, by a reading of the last second', async () => {
    const { gate, other, pass, countCalls, failures } = await createFleetStage(CLOSED);
    const ask = async (): Promise<boolean> => await gate.isCurrent(CALL);
    expect(await countCalls(async () => expect(await ask()).toBe(true))).toBe(1);
    await other.reset(NAME, BY_HAND);
    expect(await countCalls(async () => expect(await ask()).toBe(true))).toBe(0);
    pass(1000);
    expect(await ask()).toBe(false);
    expect(failures).toEqual([]);
  });

  it('of a probe is current as long as its lease', async () => {
    const { gate, pass } = await createFleetStage(HALF_OPEN);
    expect(await gate.isCurrent(PROBE)).toBe(true);
    pass(10_000);
    expect(await gate.isCurrent(PROBE)).toBe(false);
  });

  it('is not current during an isolation of every scope', async () => {
    const expected = [
      [isolated(BARE, 5000), false],
      [isolated(BARE, null), false],
      [isolated(BARE, 0), true],
      [{ ...OPEN, name: BARE }, true],
    ] as const;
    for (const [bare, isCurrent] of expected) {
      const { gate, engine } = await createFleetStage(bare, CLOSED);
      expect(await gate.isCurrent(CALL)).toBe(isCurrent);
      expect(engine.replaced).toEqual([]);
    }
  });

  it('needs no scope', async () => {
    const { gate, failures } = await createFleetStage({ ...CLOSED, name: BARE });
    expect(await gate.isCurrent({ ...CALL, circuit: BARE })).toBe(true);
    expect(await gate.isCurrent({ ...CALL, circuit: 'lost' })).toBe(false);
    expect(failures).toEqual([]);
  });
});

describe('a verdict', () => {
  it('of failure counts for its host, with its cause', async () => {
    const { gate, row, countCalls } = await createFleetStage(CLOSED);
    expect(await countCalls(async () => await gate.settle(CALL, 'failure', ATTEMPT))).toBe(2);
    const cause = { ...ATTEMPT, atMs: NOW, process: identityOf(1, 'a') };
    const hosts = [{ host: 'a', failures: 1, atMs: NOW }];
    expect(row()).toEqual({ ...CLOSED, failures: 1, hosts, lastFailure: cause });
    await gate.settle({ ...CALL }, 'failure');
    expect(row()).toMatchObject({ failures: 2, lastFailure: cause });
  });

  it('counts once for each permit', async () => {
    const { gate, row, events, countCalls } = await createFleetStage(CLOSED);
    await gate.settle(CALL, 'failure', ATTEMPT);
    expect(await countCalls(async () => await gate.settle(CALL, 'failure', ATTEMPT))).toBe(0);
    expect(row()?.failures).toBe(1);
    expect(events).toEqual([]);
  });

  it('of success is one round trip, and writes only where the streak is not 0', async () => {
    const { gate, row, engine, countCalls } = await createFleetStage(CLOSED);
    expect(await countCalls(async () => await gate.settle({ ...CALL }, 'success'))).toBe(1);
    expect(engine.replaced).toEqual([]);
    await gate.settle({ ...CALL }, 'failure', ATTEMPT);
    await gate.settle({ ...CALL }, 'success');
    expect(row()).toMatchObject({ failures: 0, hosts: [] });
  });

  it('opens the circuit once two hosts have failed', async () => {
    const { gate, other, row, events } = await createFleetStage(CLOSED);
    const cause = { ...ATTEMPT, atMs: NOW, process: identityOf(1, 'a') };
    for (let time = 0; time < 6; time += 1) await gate.settle({ ...CALL }, 'failure', ATTEMPT);
    await other.settle({ ...CALL }, 'failure', ATTEMPT);
    expect(row()).toMatchObject({ state: 'closed', failures: 7 });
    expect(events).toEqual([]);
    await other.settle({ ...CALL }, 'success', ATTEMPT);
    for (let time = 0; time < 3; time += 1) await other.settle({ ...CALL }, 'failure', ATTEMPT);
    for (let time = 0; time < 2; time += 1) await gate.settle({ ...CALL }, 'failure', ATTEMPT);
    expect(row()).toMatchObject({ state: 'open', epoch: NOW, lastFailure: cause });
    const transition = { circuit: `fleet/${NAME}`, from: 'closed', to: 'open', why: 'threshold_reached', cause };
    expect(events).toMatchObject([{ kind: 'circuit_changed', transition }]);
  });

  it('of a probe closes the circuit again', async () => {
    const { gate, row, events } = await createFleetStage({ ...HALF_OPEN, successes: 1 });
    await gate.settle(PROBE, 'success');
    expect(row()).toMatchObject({ state: 'closed', epoch: NOW });
    const process = identityOf(1, 'a');
    const transition = { circuit: `fleet/${NAME}`, from: 'half_open', why: 'probes_succeeded', process };
    expect(events).toMatchObject([{ kind: 'circuit_changed', transition }]);
  });

  it('that is stale changes nothing, and is told', async () => {
    const { gate, engine, events } = await createFleetStage(OPEN);
    await gate.settle(CALL, 'failure', ATTEMPT);
    expect(engine.replaced).toEqual([]);
    expect(events).toEqual([
      {
        kind: 'result_ignored',
        circuit: `fleet/${NAME}`,
        verdict: 'failure',
        state: 'open',
        permitEpoch: 500,
        epoch: 600,
      },
    ]);
  });

  it('on a lost row is stale', async () => {
    const { gate, row, events } = await createFleetStage();
    await gate.settle(CALL, 'success');
    expect(row()).toBeUndefined();
    expect(events).toMatchObject([{ kind: 'result_ignored', state: 'closed', epoch: NOW }]);
  });
});

describe('an engine that fails', () => {
  it('admits, keeps permits valid, drops verdicts, and is reported each time', async () => {
    const { gate, engine, events, failures, row } = await createFleetStage(OPEN);
    engine.failure = new FleetFailure('timeout');
    expect(await gate.check(NAME)).toBeNull();
    expect(await gate.admit(NAME)).toBeNull();
    expect(await gate.isCurrent(CALL)).toBe(true);
    expect(await gate.renew(PROBE)).toBe(true);
    const permit = { ...CALL };
    expect(await gate.settle(permit, 'failure', ATTEMPT)).toBeUndefined();
    const expected = ['admit', 'admit', 'admit', 'renew', 'settle'].map((operation) => `${operation}: timeout`);
    expect(failures).toEqual(expected);
    engine.failure = null;
    // Nobody delivers a dropped verdict later.
    await gate.settle(permit, 'failure', ATTEMPT);
    expect(row()).toEqual(OPEN);
    expect(events).toEqual([]);
  });

  it('is not one that was not waited for, because the command ends: that ends an admission, and keeps permits', async () => {
    const { gate, engine, failures } = await createFleetStage(OPEN);
    engine.failure = new BreakwaterError('deadline', 'the deadline has passed');
    await expect(gate.check(NAME)).rejects.toBe(engine.failure);
    await expect(gate.admit(NAME)).rejects.toBe(engine.failure);
    expect([await gate.isCurrent(CALL), await gate.renew(PROBE)]).toEqual([true, true]);
    expect(await gate.settle({ ...CALL }, 'failure', ATTEMPT)).toBeUndefined();
    expect(failures).toEqual([]);
  });

  it('is asked again by the next call', async () => {
    const { gate, engine } = await createFleetStage(OPEN);
    engine.failure = new FleetFailure('connection_refused');
    expect(await gate.admit(NAME)).toBeNull();
    engine.failure = null;
    expect(await refuse(gate)).toMatchObject({ reason: 'open' });
  });

  it('has the code `internal` if the fault is our own', async () => {
    const { gate, engine, failures } = await createFleetStage();
    engine.failure = new TypeError('a bug');
    expect(await gate.admit(NAME)).toBeNull();
    expect(failures).toEqual(['admit: internal']);
  });

  it('fails a change by hand', async () => {
    const { gate, engine, failures } = await createFleetStage();
    engine.failure = new FleetFailure('no_auth');
    await expect(gate.reset(NAME, BY_HAND)).rejects.toBe(engine.failure);
    await expect(gate.isolate(NAME, { ...BY_HAND, forMs: null })).rejects.toBe(engine.failure);
    expect(failures).toEqual([]);
  });
});

describe('a change by hand', () => {
  it('closes the circuit for all hosts', async () => {
    const { gate, other, row, events } = await createFleetStage(OPEN);
    const manual = { ...BY_HAND, atMs: NOW, untilMs: null };
    const process = identityOf(1, 'a');
    const transition = {
      circuit: `fleet/${NAME}`,
      atMs: NOW,
      from: 'open',
      to: 'closed',
      epoch: NOW,
      why: 'reset',
      cause: null,
      manual,
      process,
    };
    expect(await gate.reset(NAME, BY_HAND)).toEqual(transition);
    expect(events).toEqual([{ kind: 'circuit_changed', transition }]);
    expect(row()).toMatchObject({ state: 'closed', manual });
    expect(await other.admit(NAME)).toMatchObject({ kind: 'admitted', permit: { epoch: NOW } });
  });

  it('isolates it for all hosts, with or without an end', async () => {
    for (const forMs of [60_000, null]) {
      const { gate, other, row, events } = await createFleetStage();
      const manual = { ...BY_HAND, atMs: NOW, untilMs: forMs === null ? null : NOW + forMs };
      const transition = await gate.isolate(BARE, { ...BY_HAND, forMs });
      expect(transition).toMatchObject({ circuit: `fleet/${BARE}`, to: 'isolated', why: 'isolated', manual });
      expect(events).toEqual([{ kind: 'circuit_changed', transition }]);
      expect(row(BARE)).toMatchObject({ state: 'isolated', manual });
      expect(await refuse(other)).toMatchObject({ reason: 'isolated', retryAfterMs: forMs, manual });
    }
  });
});
