import { describe, expect, it } from 'vitest';
import {
  DEFAULT_CIRCUIT_SETTINGS,
  type CircuitRow,
  type CircuitState,
  type FailureCause,
  type ProcessIdentity,
  type Transition,
} from '../../src/circuit/circuit.ts';
import type { CircuitChange } from '../../src/circuit/circuit-store.ts';
import { initialRow } from '../../src/circuit/state-machine.ts';

/** The stored circuits of one test. */
export interface StoreUnderTest extends AsyncDisposable {
  /** Opens a handle; all handles of a shared store work on the same circuits. */
  readonly open: () => StoreHandle;
  /** Makes every later write of a row fail; missing where no write can fail. */
  readonly failWrites?: () => void;
}

/** At once, as a file and memory do, or after a round trip. */
type Answer<T> = T | Promise<T>;

/** A `CircuitStore`, or what stands for one in another place. */
export interface TestedCircuits {
  readonly read: (name: string) => Answer<CircuitRow | undefined>;
  readonly list: () => Answer<readonly CircuitRow[]>;
  readonly update: <T>(name: string, change: (row: CircuitRow | undefined) => CircuitChange<T>) => Answer<T>;
  readonly transitions: (query: { circuit?: string; limit: number }) => Answer<readonly Transition[]>;
  readonly refusals: (circuit: string, sinceEpoch: number) => Answer<number>;
}

export interface StoreHandle {
  readonly circuits: TestedCircuits;
  /** Counts refused calls of an epoch, as adding metrics does; null where each host counts its own. */
  readonly addRefusals: ((circuit: string, epoch: number, count: number) => void) | null;
}

export interface StoreContract {
  readonly create: () => Promise<StoreUnderTest>;
  /** Whether two handles work on the same circuits; if not, each has its own. */
  readonly isShared: boolean;
  /** Whether the transitions of all circuits have one order. @default true */
  readonly hasOneHistory?: boolean;
  /** Whether refused calls are counted there, too. @default true */
  readonly countsRefusals?: boolean;
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

async function store(
  circuits: TestedCircuits,
  row: CircuitRow,
  transitions: readonly Transition[] = [],
): Promise<void> {
  await circuits.update(row.name, () => ({ row, transitions, result: undefined }));
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
    expect(await circuits.read(NAME)).toBeUndefined();
    expect(await circuits.list()).toEqual([]);
    expect(await circuits.transitions({ limit: 10 })).toEqual([]);
    expect(await circuits.refusals(NAME, 0)).toBe(0);
  });

  it.each(ROWS)('returns a row as it was written: %s', async (_what, row) => {
    await using subject = await create();
    const { circuits } = subject.open();
    await store(circuits, row);
    expect(await circuits.read(NAME)).toEqual(row);
    expect(await circuits.list()).toEqual([row]);
  });

  it('replaces every field of a row', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    for (const row of [HALF_OPEN, CLOSED, ISOLATED, OPEN]) {
      await store(circuits, row);
      expect(await circuits.read(NAME)).toEqual(row);
    }
    expect(await circuits.list()).toHaveLength(1);
  });

  it('keeps circuits with similar names apart', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    await store(circuits, OPEN);
    for (const name of NEAR_NAMES) expect([name, await circuits.read(name)]).toEqual([name, undefined]);
    for (const [index, name] of NEAR_NAMES.entries()) await store(circuits, { ...rowNamed(name), epoch: 10 + index });
    for (const [index, name] of NEAR_NAMES.entries()) {
      expect(await circuits.read(name)).toEqual({ ...rowNamed(name), epoch: 10 + index });
    }
    expect(await circuits.read(NAME)).toEqual(OPEN);
  });

  it('lists all rows by name, not in the order of writing', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    for (const name of ['s3-upload@b', 's3-download@z', 's3-upload@B', 's3-upload@a', 's3-upload']) {
      await store(circuits, rowNamed(name));
    }
    await store(circuits, rowNamed('s3-download@z', HALF_OPEN));
    const names = ['s3-download@z', 's3-upload', 's3-upload@B', 's3-upload@a', 's3-upload@b'];
    expect(await circuits.list()).toEqual(
      names.map((name) => rowNamed(name, name === 's3-download@z' ? HALF_OPEN : OPEN)),
    );
  });

  it('does not change returned rows and lists when a later write changes the circuit', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    await store(circuits, OPEN);
    const row = await circuits.read(NAME);
    const rows = await circuits.list();
    await store(circuits, HALF_OPEN);
    await store(circuits, rowNamed(OTHER_NAME));
    expect(await circuits.list()).toHaveLength(2);
    expect(row).toEqual(OPEN);
    expect(rows).toEqual([OPEN]);
  });
}

function describeUpdates({ create }: StoreContract): void {
  it('passes the stored row or undefined to a change, and returns its result', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    const seen: (CircuitRow | undefined)[] = [];
    const results: string[] = [];
    for (const next of [OPEN, HALF_OPEN]) {
      const result = await circuits.update(NAME, (row) => {
        seen.push(row);
        return { row: next, transitions: [], result: `stored ${next.state}` };
      });
      results.push(result);
    }
    expect(seen).toEqual([undefined, OPEN]);
    expect(results).toEqual(['stored open', 'stored half_open']);
  });

  it('runs a change once', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    let runs = 0;
    for (const row of [OPEN, HALF_OPEN]) {
      await circuits.update(NAME, () => ({ row, transitions: [], result: (runs += 1) }));
    }
    expect(runs).toBe(2);
  });

  it('writes nothing if a change returns no row or the given row', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    expect(await circuits.update(NAME, () => ({ row: undefined, transitions: [], result: 'none' }))).toBe('none');
    expect(await circuits.list()).toEqual([]);
    await store(circuits, OPEN);
    expect(await circuits.update(NAME, () => ({ row: undefined, transitions: [], result: 'kept' }))).toBe('kept');
    expect(await circuits.update(NAME, (row) => ({ row, transitions: [], result: 'same' }))).toBe('same');
    expect(await circuits.list()).toEqual([OPEN]);
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
    await expect(async () => await circuits.update(NAME, throwError(error))).rejects.toThrow(error);
    for (const reader of readers) expect(await reader.list()).toEqual([]);
    await store(circuits, OPEN, [change(1)]);
    await expect(async () => await circuits.update(NAME, throwError(error))).rejects.toThrow(error);
    for (const reader of readers) {
      expect(await reader.list()).toEqual([OPEN]);
      expect(await reader.transitions({ limit: 10 })).toEqual([change(1)]);
    }
  });

  it('applies a change once even if writing the row fails', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    await store(circuits, HALF_OPEN);
    subject.failWrites?.();
    const seen: (CircuitRow | undefined)[] = [];
    await circuits.update(NAME, (row) => {
      seen.push(row);
      return { row: { ...HALF_OPEN, successes: 2 }, transitions: [], result: undefined };
    });
    expect(new Set(seen.map((row) => row?.successes))).toEqual(new Set([HALF_OPEN.successes]));
    expect(await circuits.read(NAME)).toEqual({ ...HALF_OPEN, successes: 2 });
  });

  it('accepts the next change after one that threw, from every handle', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    await store(circuits, OPEN);
    await expect(async () => await circuits.update(NAME, throwError(new Error('a bug')))).rejects.toThrow('a bug');
    for (const handle of [subject.open().circuits, circuits]) {
      await store(handle, HALF_OPEN, [change(2)]);
      expect(await handle.read(NAME)).toEqual(HALF_OPEN);
    }
  });
}

function describeTransitions({ create, hasOneHistory = true }: StoreContract): void {
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
    for (const transition of recorded) await store(circuits, OPEN, [transition]);
    expect(await circuits.transitions({ limit: 100 })).toEqual(recorded.toReversed());
  });

  it('keeps the order of several transitions of one change', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    await store(circuits, OPEN, [change(1)]);
    await store(circuits, OPEN, [change(2), change(3)]);
    expect((await circuits.transitions({ limit: 100 })).map(({ epoch }) => epoch)).toEqual([3, 2, 1]);
  });

  it('returns the newest ones up to the limit', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    for (const epoch of [1, 2, 3, 4]) await store(circuits, OPEN, [change(epoch)]);
    const read = async (limit: number): Promise<readonly number[]> =>
      (await circuits.transitions({ limit })).map(({ epoch }) => epoch);
    expect(await Promise.all([0, 1, 3, 4, 5].map(read))).toEqual([[], [4], [4, 3, 2], [4, 3, 2, 1], [4, 3, 2, 1]]);
  });

  it('returns those of one circuit or of all, and applies the limit after the selection', async () => {
    await using subject = await create();
    const { circuits } = subject.open();
    for (const epoch of [1, 2, 3]) {
      await store(circuits, OPEN, [change(epoch)]);
      await store(circuits, rowNamed(OTHER_NAME), [change(epoch + 10, { circuit: OTHER_NAME })]);
    }
    const read = async (query: { circuit?: string; limit: number }): Promise<readonly number[]> =>
      (await circuits.transitions(query)).map(({ epoch }) => epoch);
    expect(await read({ circuit: NAME, limit: 2 })).toEqual([3, 2]);
    expect(await read({ circuit: OTHER_NAME, limit: 9 })).toEqual([13, 12, 11]);
    if (hasOneHistory) expect(await read({ limit: 4 })).toEqual([13, 3, 12, 2]);
    expect(await read({ circuit: 's3-upload', limit: 9 })).toEqual([]);
  });
}

function describeRefusals({ create, countsRefusals = true }: StoreContract): void {
  if (!countsRefusals) return;
  it('adds up the refused calls of one circuit from an epoch on', async () => {
    await using subject = await create();
    const { circuits, addRefusals } = subject.open();
    addRefusals?.(NAME, 3, 2);
    addRefusals?.(NAME, 3, 2);
    addRefusals?.(NAME, 5, 10);
    addRefusals?.(OTHER_NAME, 4, 100);
    const counted = await Promise.all([0, 3, 4, 5, 6].map(async (epoch) => await circuits.refusals(NAME, epoch)));
    expect(counted).toEqual([14, 14, 10, 10, 0]);
    expect(await circuits.refusals(OTHER_NAME, 0)).toBe(100);
    expect(await circuits.refusals('s3-upload', 0)).toBe(0);
  });
}

function describeHandles({ create, isShared }: StoreContract): void {
  if (isShared) {
    it('shows what one handle writes to all others, whenever they were opened', async () => {
      await using subject = await create();
      const early = subject.open();
      expect(await early.circuits.read(NAME)).toBeUndefined();
      const writer = subject.open();
      await store(writer.circuits, OPEN, [change(1)]);
      writer.addRefusals?.(NAME, 1, 2);
      for (const { circuits } of [early, subject.open()]) {
        expect(await circuits.read(NAME)).toEqual(OPEN);
        expect(await circuits.list()).toEqual([OPEN]);
        expect(await circuits.transitions({ limit: 10 })).toEqual([change(1)]);
        expect(await circuits.refusals(NAME, 0)).toBe(writer.addRefusals === null ? 0 : 2);
      }
      await store(writer.circuits, HALF_OPEN, [change(2)]);
      expect(await early.circuits.read(NAME)).toEqual(HALF_OPEN);
      expect(await early.circuits.transitions({ limit: 10 })).toEqual([change(2), change(1)]);
    });

    it('passes the row that is stored now to a change, not the one that its handle has read', async () => {
      await using subject = await create();
      const [one, other] = [subject.open().circuits, subject.open().circuits];
      await store(one, OPEN);
      expect(await other.read(NAME)).toEqual(OPEN);
      await store(one, HALF_OPEN);
      expect(await other.update(NAME, (row) => ({ row: ISOLATED, transitions: [], result: row }))).toEqual(HALF_OPEN);
      expect(await one.update(NAME, (row) => ({ row, transitions: [], result: row }))).toEqual(ISOLATED);
    });
    return;
  }

  it('has separate circuits in every handle', async () => {
    await using subject = await create();
    const [one, other] = [subject.open(), subject.open()];
    await store(one.circuits, OPEN, [change(1)]);
    one.addRefusals?.(NAME, 1, 2);
    expect(await other.circuits.read(NAME)).toBeUndefined();
    expect(await other.circuits.transitions({ limit: 10 })).toEqual([]);
    expect(await other.circuits.refusals(NAME, 0)).toBe(0);
  });
}
