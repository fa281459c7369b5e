import { describe, expect, it } from 'vitest';
import {
  DEFAULT_CIRCUIT_SETTINGS,
  type CircuitRow,
  type CircuitState,
  type FailureCause,
  type ProcessIdentity,
  type Transition,
} from '../../src/circuit/circuit.ts';
import type { CircuitStore } from '../../src/circuit/circuit-store.ts';
import { initialRow } from '../../src/circuit/state-machine.ts';

/** The stored circuits of one test. */
export interface StoreUnderTest extends AsyncDisposable {
  /** Opens a handle; all handles of a shared store work on the same circuits. */
  readonly open: () => StoreHandle;
  /** Makes every later write of a row fail; missing where no write can fail. */
  readonly failWrites?: () => void;
}

export interface StoreHandle {
  readonly circuits: CircuitStore;
  /** Counts refused calls of an epoch, as adding metrics does. */
  readonly addRefusals: (circuit: string, epoch: number, count: number) => void;
}

export interface StoreContract {
  readonly create: () => Promise<StoreUnderTest>;
  /** Whether two handles work on the same circuits; if not, each has its own. */
  readonly isShared: boolean;
}

const NAME = 's3-upload@x';
const OTHER_NAME = 's3-download@x';
const PROCESS: ProcessIdentity = {
  pid: 7,
  startTime: '1',
  bootId: 'boot',
  pidNamespace: 'pid:[1]',
  host: 'here',
  command: 'put',
};
/** A process on a system that reports nothing about it. */
const UNKNOWN_PROCESS: ProcessIdentity = { ...PROCESS, pid: 8, startTime: null, bootId: null, pidNamespace: null };
const CAUSE: FailureCause = {
  atMs: 1000,
  code: 'SlowDown',
  message: `Reduce\n"your" rate; it's 100 % ü`,
  httpStatus: 503,
  requestId: 'r',
  process: PROCESS,
};
const MANUAL = { by: 'ops', atMs: 3, reason: 'maintenance', untilMs: 4 };

const CLOSED = initialRow(NAME, DEFAULT_CIRCUIT_SETTINGS);
const OPEN: CircuitRow = {
  ...CLOSED,
  state: 'open',
  epoch: 1,
  failures: 5,
  openedAtMs: 1000,
  openForMs: 60_000,
  changedAtMs: 1000,
  lastFailure: CAUSE,
};
const HALF_OPEN: CircuitRow = {
  ...OPEN,
  state: 'half_open',
  epoch: 2,
  successes: 1,
  failureThreshold: 7,
  successThreshold: 3,
  lastFailure: { ...CAUSE, httpStatus: null, requestId: null, process: UNKNOWN_PROCESS },
  lease: { token: 'token', expiresAtMs: 2000, owner: UNKNOWN_PROCESS },
};
const ISOLATED: CircuitRow = { ...OPEN, state: 'isolated', epoch: 3, manual: MANUAL };
const ISOLATED_FOR_GOOD: CircuitRow = { ...ISOLATED, manual: { ...MANUAL, reason: null, untilMs: null } };
const ROWS: readonly (readonly [string, CircuitRow])[] = [
  ['closed', CLOSED],
  ['open', OPEN],
  ['half-open', HALF_OPEN],
  ['isolated until a time', ISOLATED],
  ['isolated until a reset', ISOLATED_FOR_GOOD],
];

/** Names that differ little from `NAME`, and names with special characters of SQL. */
const NEAR_NAMES = ['s3-upload', 's3-upload@X', 's3-upload@x ', 's3-upload@xx', 's3-upload@_', '%', "'; --", ''];

function rowNamed(name: string, row: CircuitRow = OPEN): CircuitRow {
  return { ...row, name };
}

function store(circuits: CircuitStore, row: CircuitRow, transitions: readonly Transition[] = []): void {
  circuits.update(row.name, () => ({ row, transitions, result: undefined }));
}

function change(epoch: number, changed: Partial<Transition> = {}): Transition {
  return {
    circuit: NAME,
    atMs: 1000 + epoch,
    from: 'closed',
    to: 'open',
    epoch,
    why: 'threshold_reached',
    cause: CAUSE,
    manual: null,
    process: PROCESS,
    ...changed,
  };
}

/** Registers the tests that every implementation of `CircuitStore` must pass. */
export function describeCircuitStore(implementation: string, contract: StoreContract): void {
  describe(`${implementation} as a circuit store`, () => {
    describeRows(contract);
    describeUpdates(contract);
    describeFailedUpdates(contract);
    describeTransitions(contract);
    describeRefusals(contract);
    describeHandles(contract);
  });
}

function describeRows({ create }: StoreContract): void {
  it('is empty before the first write', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    expect(circuits.read(NAME)).toBeUndefined();
    expect(circuits.list()).toEqual([]);
    expect(circuits.transitions({ limit: 10 })).toEqual([]);
    expect(circuits.refusals(NAME, 0)).toBe(0);
  });

  it.each(ROWS)('returns a row as it was written: %s', async (_what, row) => {
    await using subject = await create();
    const { circuits } = subject.open();
    store(circuits, row);
    expect(circuits.read(NAME)).toEqual(row);
    expect(circuits.list()).toEqual([row]);
  });

  it('replaces every field of a row', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    for (const row of [HALF_OPEN, CLOSED, ISOLATED, OPEN]) {
      store(circuits, row);
      expect(circuits.read(NAME)).toEqual(row);
    }
    expect(circuits.list()).toHaveLength(1);
  });

  it('keeps circuits with similar names apart', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    store(circuits, OPEN);
    for (const name of NEAR_NAMES) expect([name, circuits.read(name)]).toEqual([name, undefined]);
    for (const [index, name] of NEAR_NAMES.entries()) store(circuits, { ...rowNamed(name), epoch: 10 + index });
    for (const [index, name] of NEAR_NAMES.entries()) {
      expect(circuits.read(name)).toEqual({ ...rowNamed(name), epoch: 10 + index });
    }
    expect(circuits.read(NAME)).toEqual(OPEN);
  });

  it('lists all rows by name, not in the order of writing', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    for (const name of ['s3-upload@b', 's3-download@z', 's3-upload@B', 's3-upload@a', 's3-upload']) {
      store(circuits, rowNamed(name));
    }
    store(circuits, rowNamed('s3-download@z', HALF_OPEN));
    const names = ['s3-download@z', 's3-upload', 's3-upload@B', 's3-upload@a', 's3-upload@b'];
    expect(circuits.list()).toEqual(names.map((name) => rowNamed(name, name === 's3-download@z' ? HALF_OPEN : OPEN)));
  });

  it('does not change returned rows and lists when a later write changes the circuit', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    store(circuits, OPEN);
    const row = circuits.read(NAME);
    const rows = circuits.list();
    store(circuits, HALF_OPEN);
    store(circuits, rowNamed(OTHER_NAME));
    expect(circuits.list()).toHaveLength(2);
    expect(row).toEqual(OPEN);
    expect(rows).toEqual([OPEN]);
  });
}

function describeUpdates({ create }: StoreContract): void {
  it('passes the stored row or undefined to a change, and returns its result', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    const seen: (CircuitRow | undefined)[] = [];
    const results = [OPEN, HALF_OPEN].map((next) =>
      circuits.update(NAME, (row) => {
        seen.push(row);
        return { row: next, transitions: [], result: `stored ${next.state}` };
      }),
    );
    expect(seen).toEqual([undefined, OPEN]);
    expect(results).toEqual(['stored open', 'stored half_open']);
  });

  it('runs a change once', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    let runs = 0;
    for (const row of [OPEN, HALF_OPEN]) {
      circuits.update(NAME, () => ({ row, transitions: [], result: (runs += 1) }));
    }
    expect(runs).toBe(2);
  });

  it('writes nothing if a change returns no row or the given row', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    expect(circuits.update(NAME, () => ({ row: undefined, transitions: [], result: 'none' }))).toBe('none');
    expect(circuits.list()).toEqual([]);
    store(circuits, OPEN);
    expect(circuits.update(NAME, () => ({ row: undefined, transitions: [], result: 'kept' }))).toBe('kept');
    expect(circuits.update(NAME, (row) => ({ row, transitions: [], result: 'same' }))).toBe('same');
    expect(circuits.list()).toEqual([OPEN]);
  });
}

function describeFailedUpdates({ create, isShared }: StoreContract): void {
  const throwError = (error: Error) => (): never => {
    throw error;
  };

  it('throws what a change throws, and leaves row and history unchanged', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    const readers = isShared ? [circuits, subject.open().circuits] : [circuits];
    const error = new TypeError('a bug');
    expect(() => circuits.update(NAME, throwError(error))).toThrow(error);
    for (const reader of readers) expect(reader.list()).toEqual([]);
    store(circuits, OPEN, [change(1)]);
    expect(() => circuits.update(NAME, throwError(error))).toThrow(error);
    for (const reader of readers) {
      expect(reader.list()).toEqual([OPEN]);
      expect(reader.transitions({ limit: 10 })).toEqual([change(1)]);
    }
  });

  it('applies a change once even if writing the row fails', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    store(circuits, HALF_OPEN);
    subject.failWrites?.();
    const seen: (CircuitRow | undefined)[] = [];
    circuits.update(NAME, (row) => {
      seen.push(row);
      return { row: { ...HALF_OPEN, successes: 2 }, transitions: [], result: undefined };
    });
    expect(new Set(seen.map((row) => row?.successes))).toEqual(new Set([HALF_OPEN.successes]));
    expect(circuits.read(NAME)).toEqual({ ...HALF_OPEN, successes: 2 });
  });

  it('accepts the next change after one that threw, from every handle', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    store(circuits, OPEN);
    expect(() => circuits.update(NAME, throwError(new Error('a bug')))).toThrow('a bug');
    for (const handle of [subject.open().circuits, circuits]) {
      store(handle, HALF_OPEN, [change(2)]);
      expect(handle.read(NAME)).toEqual(HALF_OPEN);
    }
  });
}

function describeTransitions({ create }: StoreContract): void {
  const CHANGES: readonly (readonly [Transition['why'], CircuitState, CircuitState])[] = [
    ['threshold_reached', 'closed', 'open'],
    ['probe_due', 'open', 'half_open'],
    ['probe_failed', 'half_open', 'open'],
    ['probes_succeeded', 'half_open', 'closed'],
    ['isolated', 'closed', 'isolated'],
    ['isolation_ended', 'isolated', 'closed'],
    ['reset', 'open', 'closed'],
  ];

  it('returns every kind of transition as it was recorded, newest first', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    const recorded = CHANGES.map(([why, from, to], index) =>
      change(index + 1, {
        why,
        from,
        to,
        cause: index % 2 === 0 ? CAUSE : null,
        manual: index % 2 === 0 ? null : MANUAL,
        process: index % 2 === 0 ? PROCESS : UNKNOWN_PROCESS,
      }),
    );
    for (const transition of recorded) store(circuits, OPEN, [transition]);
    expect(circuits.transitions({ limit: 100 })).toEqual(recorded.toReversed());
  });

  it('keeps the order of several transitions of one change', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    store(circuits, OPEN, [change(1)]);
    store(circuits, OPEN, [change(2), change(3)]);
    expect(circuits.transitions({ limit: 100 }).map(({ epoch }) => epoch)).toEqual([3, 2, 1]);
  });

  it('returns the newest ones up to the limit', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    for (const epoch of [1, 2, 3, 4]) store(circuits, OPEN, [change(epoch)]);
    const read = (limit: number): readonly number[] => circuits.transitions({ limit }).map(({ epoch }) => epoch);
    expect([0, 1, 3, 4, 5].map(read)).toEqual([[], [4], [4, 3, 2], [4, 3, 2, 1], [4, 3, 2, 1]]);
  });

  it('returns those of one circuit or of all, and applies the limit after the selection', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    for (const epoch of [1, 2, 3]) {
      store(circuits, OPEN, [change(epoch)]);
      store(circuits, rowNamed(OTHER_NAME), [change(epoch + 10, { circuit: OTHER_NAME })]);
    }
    const read = (query: { circuit?: string; limit: number }): readonly number[] =>
      circuits.transitions(query).map(({ epoch }) => epoch);
    expect(read({ circuit: NAME, limit: 2 })).toEqual([3, 2]);
    expect(read({ circuit: OTHER_NAME, limit: 9 })).toEqual([13, 12, 11]);
    expect(read({ limit: 4 })).toEqual([13, 3, 12, 2]);
    expect(read({ circuit: 's3-upload', limit: 9 })).toEqual([]);
  });
}

function describeRefusals({ create }: StoreContract): void {
  it('adds up the refused calls of one circuit from an epoch on', async () => {
    await using subject = await create();
    const { circuits, addRefusals } = subject.open();
    addRefusals(NAME, 3, 2);
    addRefusals(NAME, 3, 2);
    addRefusals(NAME, 5, 10);
    addRefusals(OTHER_NAME, 4, 100);
    expect([0, 3, 4, 5, 6].map((epoch) => circuits.refusals(NAME, epoch))).toEqual([14, 14, 10, 10, 0]);
    expect(circuits.refusals(OTHER_NAME, 0)).toBe(100);
    expect(circuits.refusals('s3-upload', 0)).toBe(0);
  });
}

function describeHandles({ create, isShared }: StoreContract): void {
  if (isShared) {
    it('shows what one handle writes to all others, whenever they were opened', async () => {
      await using subject = await create();
      const early = subject.open();
      expect(early.circuits.read(NAME)).toBeUndefined();
      const writer = subject.open();
      store(writer.circuits, OPEN, [change(1)]);
      writer.addRefusals(NAME, 1, 2);
      for (const { circuits } of [early, subject.open()]) {
        expect(circuits.read(NAME)).toEqual(OPEN);
        expect(circuits.list()).toEqual([OPEN]);
        expect(circuits.transitions({ limit: 10 })).toEqual([change(1)]);
        expect(circuits.refusals(NAME, 0)).toBe(2);
      }
      store(writer.circuits, HALF_OPEN, [change(2)]);
      expect(early.circuits.read(NAME)).toEqual(HALF_OPEN);
      expect(early.circuits.transitions({ limit: 10 })).toEqual([change(2), change(1)]);
    });

    it('passes the row that is stored now to a change, not the one that its handle has read', async () => {
      await using subject = await create();
      const [one, other] = [subject.open().circuits, subject.open().circuits];
      store(one, OPEN);
      expect(other.read(NAME)).toEqual(OPEN);
      store(one, HALF_OPEN);
      expect(other.update(NAME, (row) => ({ row: ISOLATED, transitions: [], result: row }))).toEqual(HALF_OPEN);
      expect(one.update(NAME, (row) => ({ row, transitions: [], result: row }))).toEqual(ISOLATED);
    });
    return;
  }

  it('has separate circuits in every handle', async () => {
    await using subject = await create();
    const [one, other] = [subject.open(), subject.open()];
    store(one.circuits, OPEN, [change(1)]);
    one.addRefusals(NAME, 1, 2);
    expect(other.circuits.read(NAME)).toBeUndefined();
    expect(other.circuits.transitions({ limit: 10 })).toEqual([]);
    expect(other.circuits.refusals(NAME, 0)).toBe(0);
  });
}
