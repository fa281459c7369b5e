import { describe, expect, it } from 'vitest';
import type { CircuitChange } from '../../../src/circuit/circuit-store.ts';
import { DEFAULT_CIRCUIT_SETTINGS, type CircuitEvent, type CircuitRow } from '../../../src/circuit/circuit.ts';
import { createFleetStepper, type FleetStep } from '../../../src/circuit/fleet-stepper.ts';
import type { FleetReading, FleetStore } from '../../../src/circuit/fleet-store.ts';
import { initialRow } from '../../../src/circuit/state-machine.ts';
import { identityOf } from '../../support/fake-circuits.ts';

const NAME = 's3-upload@x';
const NOW_MS = 1_000_000;
const SETTINGS = DEFAULT_CIRCUIT_SETTINGS;
const MEMBER = { host: 'shown-name', quorum: 2 };
const MOMENT = { nowMs: NOW_MS, settings: SETTINGS, process: identityOf(7, MEMBER.host), fleet: MEMBER };
/** A row that the fleet has no record of. */
const BEGUN: CircuitRow = { ...initialRow(NAME, SETTINGS), epoch: NOW_MS, hosts: [] };

/** What is asked of the fleet, which holds `rows` at the time of `NOW_MS`. */
class FakeFleet {
  readonly rows = new Map<string, CircuitRow>();
  readonly reads: (readonly string[])[] = [];
  readonly changes: CircuitChange<unknown>[] = [];
  readonly seen: (FleetReading | undefined)[] = [];
  nowMs = NOW_MS;

  readonly store: FleetStore = {
    read: async (names) => {
      await Promise.resolve();
      this.reads.push(names);
      return this.reading();
    },
    update: async (name, change, seen) => {
      await Promise.resolve();
      this.seen.push(seen);
      const changed = change(this.rows.get(name), this.nowMs);
      this.changes.push(changed);
      if (changed.row !== undefined) this.rows.set(name, changed.row);
      return changed;
    },
    transitions: async () => await Promise.resolve([]),
    names: async () => await Promise.resolve({ names: [], isComplete: true }),
  };

  reading(): FleetReading {
    return { nowMs: this.nowMs, rows: new Map(this.rows), texts: new Map() };
  }
}

function setUp() {
  const fleet = new FakeFleet();
  const events: CircuitEvent[] = [];
  const clock = { monotonicMs: 50_000 };
  const stepper = createFleetStepper({
    store: fleet.store,
    settings: SETTINGS,
    member: MEMBER,
    clock: { now: () => 0, monotonic: () => clock.monotonicMs },
    process: identityOf(7, 'kernel-name'),
    emit: (event) => events.push(event),
  });
  return { fleet, events, clock, stepper };
}

const keepRow: FleetStep<string> = (row) => ({ row, transitions: [], result: 'kept' });
const countOne: FleetStep<string> = (row) => ({
  row: { ...row, failures: row.failures + 1 },
  transitions: [],
  result: 'counted',
});

describe('what a fleet was read to be', () => {
  it.each([
    ['a circuit with its bare name, which may be isolated', NAME, [NAME, 's3-upload']],
    ['a bare name alone', 's3-upload', ['s3-upload']],
  ])('asks for %s', async (_what, circuit, names) => {
    const { fleet, stepper } = setUp();
    await stepper.read(circuit);
    expect(fleet.reads).toEqual([names]);
  });

  it('answers for a second, with the time of now in whole ms', async () => {
    const { fleet, clock, stepper } = setUp();
    fleet.rows.set(NAME, BEGUN);
    const first = await stepper.read(NAME);
    expect(first).toEqual(fleet.reading());
    fleet.rows.set(NAME, { ...BEGUN, failures: 1 });
    clock.monotonicMs += 999.9;
    expect(await stepper.read(NAME)).toEqual({ ...first, nowMs: NOW_MS + 999 });
    expect(fleet.reads).toHaveLength(1);
    clock.monotonicMs += 0.1;
    expect(await stepper.read(NAME)).toEqual(fleet.reading());
    expect(fleet.reads).toHaveLength(2);
  });

  it('is kept for each circuit by itself', async () => {
    const { fleet, stepper } = setUp();
    await stepper.read('a@x');
    await stepper.read('b@x');
    stepper.forget('a@x');
    await stepper.read('b@x');
    expect(fleet.reads).toHaveLength(2);
  });

  it('is asked for again once it is forgotten, or something was written', async () => {
    const { fleet, stepper } = setUp();
    await stepper.read(NAME);
    stepper.forget(NAME);
    await stepper.read(NAME);
    expect(fleet.reads).toHaveLength(2);
    await stepper.write(NAME, countOne);
    expect((await stepper.read(NAME)).rows.get(NAME)).toMatchObject({ failures: 1 });
    expect(fleet.reads).toHaveLength(3);
  });

  it('holds a row, or the beginning of one in an epoch that no permit has', () => {
    const { fleet, stepper } = setUp();
    expect(stepper.rowOf(NAME, fleet.reading())).toEqual(BEGUN);
    fleet.nowMs = 0;
    expect(stepper.rowOf(NAME, fleet.reading())).toEqual({ ...BEGUN, epoch: 1 });
    fleet.rows.set(NAME, { ...BEGUN, failures: 3 });
    expect(stepper.rowOf(NAME, fleet.reading())).toBe(fleet.rows.get(NAME));
  });

  it('tells the moment by the clock of the engine, and the host by its name in the fleet', () => {
    const { fleet, stepper } = setUp();
    expect(stepper.momentOf(fleet.reading())).toEqual(MOMENT);
  });
});

describe('a step on a row of the fleet', () => {
  it('gets the row, or a new one, and the moment of the engine', async () => {
    const { fleet, stepper } = setUp();
    const got: unknown[] = [];
    const see: FleetStep<null> = (row, moment) => {
      got.push(row, moment);
      return { row, transitions: [], result: null };
    };
    await stepper.write(NAME, see);
    const stored = { ...BEGUN, failures: 3 };
    fleet.rows.set(NAME, stored);
    await stepper.write(NAME, see);
    expect(got).toEqual([BEGUN, MOMENT, stored, MOMENT]);
  });

  it('stores its row, and returns its result with the row before', async () => {
    const { fleet, stepper } = setUp();
    expect(await stepper.write(NAME, countOne)).toEqual({ result: 'counted', before: BEGUN });
    expect(await stepper.write(NAME, countOne)).toEqual({ result: 'counted', before: { ...BEGUN, failures: 1 } });
    expect(fleet.rows.get(NAME)).toEqual({ ...BEGUN, failures: 2 });
  });

  it('stores no row that did not exist and is left as it is', async () => {
    const { fleet, stepper } = setUp();
    expect(await stepper.write(NAME, keepRow)).toEqual({ result: 'kept', before: BEGUN });
    expect(fleet.rows.size).toBe(0);
  });

  it('stores such a row if it is to exist', async () => {
    const { fleet, stepper } = setUp();
    await stepper.write(NAME, keepRow, { creates: true });
    expect(fleet.rows.get(NAME)).toEqual(BEGUN);
  });

  it.each([true, false])('returns the very row that it has not changed, which saves a write: %s', async (creates) => {
    const { fleet, stepper } = setUp();
    const stored = { ...BEGUN, failures: 3 };
    fleet.rows.set(NAME, stored);
    await stepper.write(NAME, keepRow, { creates });
    expect(fleet.changes[0]?.row).toBe(stored);
  });

  it('begins with a reading, if there is one', async () => {
    const { fleet, stepper } = setUp();
    const seen = fleet.reading();
    await stepper.write(NAME, countOne, { seen });
    await stepper.write(NAME, countOne);
    expect(fleet.seen).toEqual([seen, undefined]);
  });

  it('stores its transitions under the name of the circuit, and reports them under that of the fleet', async () => {
    const { fleet, events, stepper } = setUp();
    const transition = {
      circuit: NAME,
      atMs: NOW_MS,
      from: 'closed',
      to: 'open',
      epoch: NOW_MS + 1,
      why: 'threshold_reached',
      cause: null,
      manual: null,
      process: identityOf(7),
    } as const;
    await stepper.write(NAME, (row) => ({ row: { ...row, state: 'open' }, transitions: [transition], result: null }));
    expect(fleet.changes[0]?.transitions).toEqual([transition]);
    expect(events).toEqual([{ kind: 'circuit_changed', transition: { ...transition, circuit: 'fleet/s3-upload@x' } }]);
  });
});
