import { env } from 'node:process';
import { describe, expect, it } from 'vitest';
import { changeByHand } from '../../../src/breaker/change-circuits.ts';
import { circuitDocument, transitionDocument } from '../../../src/breaker/circuit-document.ts';
import { findOutage, inspectCircuits, type InspectedCircuit } from '../../../src/breaker/inspect-circuits.ts';
import { tabulateCircuits, tabulateTransitions } from '../../../src/breaker/circuit-table.ts';
import type { BreakerContext } from '../../../src/breaker/breaker-context.ts';
import { isolationsLeft, namesToIsolate, namesToReset, selectCircuits } from '../../../src/breaker/select-circuits.ts';
import { showCircuit } from '../../../src/circuit/circuit-view.ts';
import {
  DEFAULT_CIRCUIT_SETTINGS,
  type CircuitRow,
  type CircuitState,
  type Transition,
} from '../../../src/circuit/circuit.ts';
import type { CircuitStore } from '../../../src/circuit/circuit-store.ts';
import { initialRow } from '../../../src/circuit/state-machine.ts';
import { presentChanges } from '../../../src/cli/output/change-result.ts';
import { measureColumns } from '../../../src/ui/frame.ts';
import { nameState } from '../../../src/ui/circuit-words.ts';
import { createMemoryCircuits } from '../../support/memory-circuits.ts';

env['TZ'] = 'UTC';
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const process = { pid: 7, startTime: '1', bootId: 'b', pidNamespace: 'n', host: 'h\u0007', command: 'put' };
const told = { pid: 7, host: 'h\u0007', command: 'put' };
const BY = 'put (pid 7 on h\\x07)';
const cause = { atMs: NOW - 4000, code: 'SlowDown', message: 'slow', httpStatus: 503, requestId: 'R1', process };
const NAME = 's3-upload@x';

function rowOf(changes: Partial<CircuitRow> & { state: CircuitState }): CircuitRow {
  return { ...initialRow(NAME, DEFAULT_CIRCUIT_SETTINGS), epoch: 1, ...changes };
}

const CLOSED = rowOf({ state: 'closed', epoch: 0 });
const SHAKEN = rowOf({ state: 'closed', failures: 3, lastFailure: cause });
const OPEN = rowOf({
  state: 'open',
  failures: 5,
  openedAtMs: NOW - 10_500,
  openForMs: 60_000,
  lastFailure: cause,
  changedAtMs: NOW - 10_500,
});
const DUE = { ...OPEN, openedAtMs: NOW - 60_000 };
const PROBED = rowOf({
  state: 'half_open',
  successes: 1,
  lease: { token: 'hidden-token', expiresAtMs: NOW + 30_000, owner: process },
});
const HELD = rowOf({
  state: 'isolated',
  manual: { by: 'ops\u0007', atMs: NOW - 1000, reason: 'move\n', untilMs: NOW + 3_600_000 },
});
const HELD_ON = rowOf({ state: 'isolated', manual: { by: 'ops', atMs: NOW - 1000, reason: null, untilMs: null } });

const transition: Transition = {
  circuit: NAME,
  atMs: NOW - 10_500,
  from: 'closed',
  to: 'open',
  epoch: 1,
  why: 'threshold_reached',
  cause,
  manual: null,
  process,
};

/** As in a pipe. */
const WIDE = { columns: Infinity, nowMs: NOW };
const VIEWING = { nowMs: NOW, probeLeaseMs: 30_000 };

function inspected(row: CircuitRow, rest: Partial<InspectedCircuit> = {}): InspectedCircuit {
  return { view: showCircuit(row, VIEWING), refused: 0, trip: null, ...rest };
}

describe('tabulateCircuits', () => {
  it.each([
    ['closed', CLOSED, 'closed     0/5       -       allowed'],
    ['closed with failures', SHAKEN, 'closed     3/5       -       allowed'],
    ['open', OPEN, 'open       5/5       -       probe in 0:50'],
    ['open, the wait over', DUE, 'half-open  5/5       0/2     allowed as a probe'],
    ['probed', PROBED, 'half-open  0/5       1/2     probe: put 7 on h\\x07'],
    ['isolated for a time', HELD, 'isolated   0/5       -       refused for 1:00:00'],
    ['isolated', HELD_ON, 'isolated   0/5       -       refused until reset'],
  ])('shows what the next call meets: %s', (_state, row, line) => {
    const lines = tabulateCircuits([inspected(row)], { ...WIDE, hasColour: false });
    expect(lines[0]?.replaceAll(/ +/g, ' ')).toBe('CIRCUIT STATE FAILURES PROBES NEXT CALL');
    expect(lines[1]?.replaceAll(/ +/g, ' ')).toBe(`${NAME} ${line}`.replaceAll(/ +/g, ' '));
  });

  it('stands in columns, with nothing at the ends of lines', () => {
    const lines = tabulateCircuits([inspected(OPEN), inspected({ ...CLOSED, name: 's3-download@longer' })], {
      ...WIDE,
      hasColour: false,
    });
    const column = lines[0]!.indexOf('STATE');
    expect(lines.slice(0, 3).map((line) => line.slice(column - 2, column + 6))).toEqual([
      '  STATE ',
      '  open  ',
      '  closed',
    ]);
    expect(lines.filter((line) => /\s$/.test(line))).toEqual([]);
  });

  it('shows a stored name without its control characters, wherever it stands', () => {
    const odd = { ...OPEN, name: 's3-upload@\u001b[2J' };
    const lines = tabulateCircuits([inspected(odd)], { ...WIDE, hasColour: false });
    expect(lines.filter((line) => line.includes('s3-upload@\\x1b[2J'))).toHaveLength(2);
    const changes = tabulateTransitions([{ ...transition, circuit: odd.name }], WIDE);
    expect(changes[1]).toContain('s3-upload@\\x1b[2J');
  });

  it('colours the state alone, and keeps the columns', () => {
    const rows = [inspected(OPEN), inspected(PROBED), inspected(CLOSED), inspected(HELD)];
    const coloured = tabulateCircuits(rows, { ...WIDE, hasColour: true });
    const plain = tabulateCircuits(rows, { ...WIDE, hasColour: false });
    // oxlint-disable-next-line no-control-regex -- colours begin with one
    expect(coloured.map((line) => line.replaceAll(/\u001b\[\d+m/g, ''))).toEqual(plain);
    expect(coloured.slice(1, 5).map((line) => line.split('\u001b').length)).toEqual([3, 3, 3, 3]);
    expect(coloured[1]).toContain('\u001b[31mopen\u001b[0m');
  });

  it.each([
    ['nothing of one that is well', inspected(CLOSED), []],
    [
      'the last error while it counts',
      inspected(SHAKEN),
      [`last error SlowDown, HTTP 503, request id R1, 2026-01-02T03:04:01.000Z, ${BY}`],
    ],
    ['no error that a success has wiped out', inspected({ ...SHAKEN, failures: 0 }), []],
    [
      'who opened it, and what it refused since',
      inspected(OPEN, { refused: 2, trip: transition }),
      [
        'allowed again at 03:04:55 UTC, in 50 s',
        `last error SlowDown, HTTP 503, request id R1, 2026-01-02T03:04:01.000Z, ${BY}`,
        `opened at 2026-01-02T03:03:54.500Z by ${BY}`,
        '2 calls refused since it opened',
      ],
    ],
    [
      'by whom it is held and why',
      inspected(HELD, { refused: 1 }),
      [
        'allowed again at 04:04:05 UTC, in 60 min',
        'isolated by ops\\x07 at 2026-01-02T03:04:04.000Z: move\\n',
        '1 call refused since it opened',
      ],
    ],
    [
      'an error without an answer, in one that is due for a probe though it counts no failure',
      inspected({ ...DUE, failures: 0, lastFailure: { ...cause, httpStatus: null, requestId: null } }),
      [`last error SlowDown, 2026-01-02T03:04:01.000Z, ${BY}`],
    ],
    [
      'nothing of an isolation that is over',
      inspected({ ...HELD, manual: { ...HELD.manual!, untilMs: NOW } }, { refused: 1 }),
      [],
    ],
    ['nothing of a reset by hand', inspected({ ...CLOSED, manual: HELD.manual }), []],
    [
      'that every scope is held',
      { ...inspected(CLOSED), view: showCircuit(CLOSED, { ...VIEWING, bareRow: { ...HELD_ON, name: 's3-upload' } }) },
      ['every scope of s3-upload isolated by ops at 2026-01-02T03:04:04.000Z'],
    ],
    ['by whom, where no reason was given', inspected(HELD_ON), ['isolated by ops at 2026-01-02T03:04:04.000Z']],
  ])('explains %s', (_what, circuit, lines) => {
    const [, , ...explained] = tabulateCircuits([circuit], { ...WIDE, hasColour: false });
    expect(explained).toEqual(lines.length === 0 ? [] : ['', `${NAME}:`, ...lines.map((line) => `  ${line}`)]);
  });
});

describe('the layout of a terminal', () => {
  const LONG_NAME = `s3-download@${'storage.'.repeat(8)}example.internal:9000`;
  const REASON = `${'数据迁移 e\u0301 👩‍🚀 '.repeat(12)}${'x'.repeat(90)}\u001b[2J\u202e`;
  const circuits = [
    inspected({ ...CLOSED, name: 's3-download@a' }),
    inspected({ ...HELD, manual: { ...HELD.manual!, reason: REASON } }),
    inspected({ ...PROBED, name: 's3-upload@b' }),
    inspected({ ...OPEN, name: LONG_NAME }, { refused: 2, trip: transition }),
  ];
  const history = [transition, { ...transition, circuit: LONG_NAME, manual: { ...HELD.manual!, reason: REASON } }];

  it('has what refuses calls first, in a pipe too, and explains in the same order', () => {
    const lines = tabulateCircuits(circuits, { ...WIDE, hasColour: false });
    expect(lines.slice(1, 5).map((line) => line.split(/ +/)[1])).toEqual(['open', 'half-open', 'isolated', 'closed']);
    expect(lines.filter((line) => line.endsWith(':'))).toEqual([`${LONG_NAME}:`, 's3-upload@b:', `${NAME}:`]);
  });

  it.each([[200], [80], [60], [40], [20], [8]])('is never wider than %d columns, and loses nothing', (columns) => {
    const narrow = { ...WIDE, columns, hasColour: false };
    for (const [lines, wide] of [
      [tabulateCircuits(circuits, narrow), tabulateCircuits(circuits, { ...WIDE, hasColour: false })],
      [tabulateTransitions(history, narrow), tabulateTransitions(history, WIDE)],
    ] as const) {
      expect(Math.max(...lines.map(measureColumns))).toBeLessThanOrEqual(columns);
      const shown = lines.join('').replaceAll(/\s/g, '');
      const words = wide
        .slice(1)
        .flatMap((line) => line.split(/\s+/))
        .filter((word) => /[^\d/-]/.test(word));
      expect(words.filter((word) => !shown.includes(word))).toEqual([]);
    }
  });

  it('is a list where the table does not fit', () => {
    const [open, closed] = [inspected({ ...OPEN, name: 's3-upload@eu-west-1' }), circuits[0]!];
    expect(tabulateCircuits([closed, open], { ...WIDE, columns: 40, hasColour: false })).toEqual([
      's3-upload@eu-west-1',
      '  open  5/5 failures  probe in 0:50',
      's3-download@a',
      '  closed  0/5 failures  allowed',
      '',
      's3-upload@eu-west-1:',
      '  allowed again at 03:04:55 UTC, in 50 s',
      '  last error SlowDown, HTTP 503, request',
      '    id R1, 2026-01-02T03:04:01.000Z, put',
      '    (pid 7 on h\\x07)',
    ]);
    const [, coloured] = tabulateCircuits([open], { ...WIDE, columns: 40, hasColour: true });
    expect(coloured).toBe('  \u001b[31mopen\u001b[0m  5/5 failures  probe in 0:50');
  });

  it('is a table where it fits 80 columns', () => {
    const name = 's3-upload@127.0.0.1:9000';
    const lines = tabulateCircuits([inspected({ ...OPEN, name })], { ...WIDE, columns: 80, hasColour: false });
    expect(lines[1]).toBe(`${name}  open   5/5       -       probe in 0:50`);
  });
});

describe('tabulateTransitions', () => {
  it('says so where there are none', () => {
    expect(tabulateTransitions([], WIDE)).toEqual(['no state changes recorded']);
  });

  it('tells each change: when, what, why and by whom', () => {
    const manual = { by: 'ops\u0007', atMs: 0, reason: 'all\nclear', untilMs: null };
    const reset: Transition = { ...transition, from: 'half_open', to: 'closed', why: 'reset', cause: null, manual };
    const lines = tabulateTransitions([transition, reset], WIDE);
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
      ['TIME', 'CIRCUIT', 'CHANGE', 'WHY', 'BY'],
      ['2026-01-02T03:03:54.500Z', NAME, 'closed > open', 'threshold reached: SlowDown, HTTP 503, request id R1', BY],
      ['2026-01-02T03:03:54.500Z', NAME, 'half-open > closed', 'reset: all\\nclear', 'ops\\x07'],
    ]);
  });
});

describe('nameState', () => {
  it.each([
    ['closed', 'closed', 'closed'],
    ['open', 'open', 'OPEN'],
    ['half_open', 'half-open', 'HALF-OPEN'],
    ['isolated', 'isolated', 'ISOLATED'],
  ] as const)('calls %s %s, or %s in capitals', (state, word, capitals) => {
    expect(nameState(state)).toBe(word);
    expect(nameState(state, { capitals: true })).toBe(capitals);
  });
});

const EMPTY = {
  name: NAME,
  state: 'closed',
  would_refuse: false,
  reason: null,
  retry_after_ms: null,
  next_probe_in_ms: null,
  failures: 0,
  failure_threshold: 5,
  successes: 0,
  success_threshold: 2,
  epoch: 0,
  opened_at: null,
  open_for_ms: null,
  changed_at: null,
  opened_by: null,
  refused_since_opened: 0,
  probe: null,
  last_error: null,
  manual: null,
  isolation: null,
};
const lastError = {
  at: '2026-01-02T03:04:01.000Z',
  code: 'SlowDown',
  message: 'slow',
  http_status: 503,
  request_id: 'R1',
  process: told,
};

describe('describeCircuit', () => {
  it.each([
    ['one that was never used', inspected(CLOSED), EMPTY],
    [
      'an open one',
      inspected(OPEN, { refused: 2, trip: transition }),
      {
        ...EMPTY,
        state: 'open',
        would_refuse: true,
        reason: 'open',
        retry_after_ms: 49_500,
        next_probe_in_ms: 49_500,
        failures: 5,
        epoch: 1,
        opened_at: '2026-01-02T03:03:54.500Z',
        open_for_ms: 60_000,
        changed_at: '2026-01-02T03:03:54.500Z',
        opened_by: told,
        refused_since_opened: 2,
        last_error: lastError,
      },
    ],
    [
      'one that is probed, without the token of the lease',
      inspected(PROBED),
      {
        ...EMPTY,
        state: 'half_open',
        would_refuse: true,
        reason: 'probe_in_progress',
        retry_after_ms: 30_000,
        next_probe_in_ms: 30_000,
        successes: 1,
        epoch: 1,
        probe: { expires_at: '2026-01-02T03:04:35.000Z', process: told },
      },
    ],
    [
      'an isolated one',
      inspected(HELD),
      {
        ...EMPTY,
        state: 'isolated',
        would_refuse: true,
        reason: 'isolated',
        retry_after_ms: 3_600_000,
        epoch: 1,
        manual: {
          by: 'ops\u0007',
          at: '2026-01-02T03:04:04.000Z',
          reason: 'move\n',
          until: '2026-01-02T04:04:05.000Z',
        },
        isolation: {
          circuit: NAME,
          by: 'ops\u0007',
          at: '2026-01-02T03:04:04.000Z',
          reason: 'move\n',
          until: '2026-01-02T04:04:05.000Z',
        },
      },
    ],
  ])('tells every field of %s', (_what, circuit, document) => {
    expect(circuitDocument(circuit)).toStrictEqual(document);
  });
});

describe('describeTransition', () => {
  it('tells every field, null where there is nothing', () => {
    const plain = { circuit: NAME, from: 'closed', to: 'open', epoch: 1, why: 'threshold_reached', process: told };
    const at = '2026-01-02T03:03:54.500Z';
    expect(transitionDocument(transition)).toStrictEqual({ ...plain, at, cause: lastError, manual: null });
    const manual = { by: 'ops', atMs: NOW, reason: null, untilMs: null };
    expect(transitionDocument({ ...transition, cause: null, manual })).toStrictEqual({
      ...plain,
      at,
      cause: null,
      manual: { by: 'ops', at: '2026-01-02T03:04:05.000Z', reason: null, until: null },
    });
  });
});

/** The few parts of a run that looking at circuits touches. */
function runOn(circuits: CircuitStore, problem: string | null = null): BreakerContext {
  return {
    state: async () => await Promise.resolve({ circuits, path: '/state', problem: () => problem }),
    circuitName: (name: string) => `${name}@here`,
    clock: { now: () => NOW },
    settings: { failureThreshold: 9, successThreshold: 3, probeLeaseMs: 30_000 },
  } as unknown as BreakerContext;
}

describe('selectCircuits', () => {
  const stored = [
    { ...OPEN, name: 's3-upload@x' },
    { ...CLOSED, name: 's3-download@x' },
    { ...HELD, name: 's3-upload' },
  ];

  it.each([
    ['no name means both', [], ['s3-download@here', 's3-upload@here']],
    ['a bare name means one', ['s3-upload'], ['s3-upload@here']],
    ['a full name means itself', ['s3-upload@x'], ['s3-upload@x']],
    [
      'names are added up, and none counts twice',
      ['s3-upload', 's3-upload@x', 's3-upload@here'],
      ['s3-upload@here', 's3-upload@x'],
    ],
  ])('in the scope in use, %s', async (_rule, names, selected) => {
    const rows = await selectCircuits(runOn(createMemoryCircuits(...stored)), names, 'in_use');
    expect(rows.map(({ name }) => name)).toEqual(selected);
  });

  it.each([
    ['no name means all', [], ['s3-download@here', 's3-download@x', 's3-upload@here', 's3-upload@x']],
    ['a bare name means every scope of it', ['s3-upload'], ['s3-upload@here', 's3-upload@x']],
    ['a full name means itself', ['s3-upload@x'], ['s3-upload@x']],
    ['a scope that has no record is known', ['s3-upload@there'], ['s3-upload@there']],
    [
      'names are added up, and none counts twice',
      ['s3-upload', 's3-upload@x', 's3-download@x'],
      ['s3-download@x', 's3-upload@here', 's3-upload@x'],
    ],
    ['a scope may have a port', ['s3-upload@[::1]:9000'], ['s3-upload@[::1]:9000']],
  ])('%s', async (_rule, names, selected) => {
    const rows = await selectCircuits(runOn(createMemoryCircuits(...stored)), names, 'all');
    expect(rows.map(({ name }) => name)).toEqual(selected);
  });

  it('knows every name that is stored, however odd: it must be possible to reset it', async () => {
    const odd = { ...OPEN, name: 's3-upload@\u001b' };
    expect(await selectCircuits(runOn(createMemoryCircuits(odd)), [odd.name], 'in_use')).toEqual([odd]);
  });

  it('has the record of this scope too, not a fresh circuit', async () => {
    const here = { ...OPEN, name: 's3-upload@here' };
    expect(await selectCircuits(runOn(createMemoryCircuits(here)), ['s3-upload'], 'in_use')).toEqual([here]);
  });

  it('has the record where there is one, and a closed circuit where there is none', async () => {
    const rows = await selectCircuits(runOn(createMemoryCircuits(...stored)), ['s3-upload'], 'all');
    expect(rows.map(({ state, epoch }) => [state, epoch])).toEqual([
      ['closed', 0],
      ['open', 1],
    ]);
  });

  it('shows one without a record with the thresholds that its first call would have', async () => {
    for (const names of [[], ['s3-upload@there']]) {
      const rows = await selectCircuits(runOn(createMemoryCircuits()), names, 'all');
      for (const row of rows) expect(row).toMatchObject({ failureThreshold: 9, successThreshold: 3 });
    }
  });

  it.each([
    ['upload', 'known circuits: s3-upload, s3-download'],
    ['s3-uplod', 'did you mean s3-upload? '],
    ['s3-upload@', 'known circuits:'],
    ['s3-uploads', 'did you mean s3-upload? '],
    ['S3-UPLOAD', 'known circuits:'],
    ['other@x', 'known circuits:'],
    ['', 'known circuits:'],
    // A name is stored, and shown to whoever looks.
    ['s3-upload@\u001b[2J', 'known circuits:'],
    ['s3-upload@a closed b', 'known circuits:'],
    // No transfer ever meets these.
    ['s3-upload@*', 'known circuits:'],
    ['s3-upload@http://127.0.0.1:9000', 'known circuits:'],
  ])('refuses %j', async (name, hint) => {
    await expect(selectCircuits(runOn(createMemoryCircuits(...stored)), ['s3-upload', name], 'all')).rejects.toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringMatching(/^no circuit is named "[ -~]*"$/),
        details: { reason: 'unknown_circuit', hint: expect.stringContaining(hint) },
      }),
    );
  });
});

describe('the names of a change', () => {
  const hold = { ...HELD, name: 's3-upload' };
  const context = runOn(createMemoryCircuits(hold, { ...OPEN, name: 's3-upload@x' }));

  it('to isolate are those that were given, a bare one as it is', async () => {
    const names = ['s3-upload', 's3-download@there', 's3-upload'];
    expect(await namesToIsolate(context, names)).toEqual(['s3-upload', 's3-download@there']);
    await expect(namesToIsolate(context, ['upload'])).rejects.toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it.each([
    [
      'a bare one means every scope, and the isolation of all',
      ['s3-upload'],
      ['s3-upload', 's3-upload@here', 's3-upload@x'],
    ],
    ['none means all', [], ['s3-upload', 's3-download@here', 's3-upload@here', 's3-upload@x']],
    ['a bare one without an isolation of all means every scope', ['s3-download'], ['s3-download@here']],
    ['a full one means itself', ['s3-upload@x'], ['s3-upload@x']],
  ])('to reset: %s', async (_rule, names, selected) => {
    expect(await namesToReset(context, names)).toEqual(selected);
  });

  it('tells which isolation still holds a circuit that was reset by its full name', async () => {
    expect(await isolationsLeft(context, ['s3-upload@x', 's3-download@x'])).toEqual(['s3-upload']);
    const { summary } = presentChanges([{ ...transition, to: 'closed', from: 'open' }], ['s3-upload']);
    expect(summary).toBe(
      's3-upload@x is closed (was open)\nevery scope of s3-upload is still isolated: breakwater breaker-reset s3-upload',
    );
  });

  it.each([
    ['isolated', 'every scope of s3-upload is isolated'],
    ['closed', 'every scope of s3-upload is no longer isolated'],
  ] as const)('are told apart in the result: %s', (to, line) => {
    expect(presentChanges([{ ...transition, circuit: 's3-upload', to }]).summary).toBe(line);
  });
});

describe('inspectCircuits', () => {
  const trips = (...steps: readonly (readonly [CircuitState, CircuitState])[]): readonly Transition[] =>
    steps.map(([from, to], index) => ({ ...transition, from, to, epoch: index + 1 })).toReversed();
  const twice = trips(['closed', 'open'], ['open', 'half_open'], ['half_open', 'open']);

  async function inspect(row: CircuitRow, history: readonly Transition[]) {
    const store: CircuitStore = {
      ...createMemoryCircuits(row),
      transitions: ({ circuit, limit }) => history.filter((change) => change.circuit === circuit).slice(0, limit),
      // Tells from which epoch on it was asked.
      refusals: (_circuit, sinceEpoch) => 1000 + (sinceEpoch ?? 0),
    };
    const [circuit] = await inspectCircuits(runOn(store), [row]);
    return circuit!;
  }

  it.each([
    ['a closed one has refused nothing', { ...CLOSED, epoch: 4 }, twice, 0, null],
    ['one without a history', CLOSED, [], 0, null],
    ['an open one since it left closed, opened by the last', { ...OPEN, epoch: 3 }, twice, 1001, 3],
    ['one whose wait is over', { ...DUE, epoch: 3 }, twice, 1001, 3],
    [
      'one whose beginning is forgotten, since the oldest that is known',
      { ...OPEN, epoch: 3 },
      trips(['open', 'half_open'], ['half_open', 'open'], ['open', 'half_open'], ['half_open', 'open']),
      1001,
      4,
    ],
    [
      'one that is probed, opened by the last that opened it',
      PROBED,
      trips(['closed', 'open'], ['open', 'half_open']),
      1001,
      1,
    ],
    ['one of which only the last change is known', OPEN, twice.slice(0, 1), 1003, 3],
    ['an isolated one was opened by no failure', HELD, trips(['closed', 'isolated']), 1001, null],
  ])('counts and names: %s', async (_what, row, history, refused, tripEpoch) => {
    const circuit = await inspect(row, history);
    expect(circuit.refused).toBe(refused);
    expect(circuit.trip?.epoch ?? null).toBe(tripEpoch);
  });

  it('counts the refusals of every scope under an isolation of all', async () => {
    const hold = { ...HELD, name: 's3-upload', epoch: 4 };
    const store = createMemoryCircuits(CLOSED, hold);
    store.addRefusals('s3-upload', 3, 10);
    store.addRefusals('s3-upload', 4, 2);
    const [circuit] = await inspectCircuits(runOn(store), [CLOSED]);
    expect(circuit).toMatchObject({
      refused: 2,
      trip: null,
      view: { state: 'isolated', isolation: { of: 's3-upload' } },
    });
  });

  it('finds the newest outage', () => {
    const history = trips(['closed', 'open'], ['open', 'closed'], ['closed', 'open'], ['open', 'half_open']);
    expect(findOutage(history)?.epoch).toBe(3);
    expect(findOutage([])).toBeNull();
  });
});

describe('changeByHand', () => {
  const reset = (circuit: string): Transition => ({ ...transition, circuit, from: 'open', to: 'closed', why: 'reset' });
  const stored = createMemoryCircuits(OPEN, { ...OPEN, name: 's3-upload@\u001b' });

  it('changes every selected circuit and reports each change', async () => {
    const changes = await changeByHand(runOn(stored), ['s3-upload@\u001b', 's3-upload@x'], reset);
    const result = presentChanges(changes);
    expect(result.summary).toBe('s3-upload@\\x1b is closed (was open)\ns3-upload@x is closed (was open)');
    expect(result.json).toMatchObject({ changes: [{ circuit: 's3-upload@\u001b' }, { circuit: 's3-upload@x' }] });
  });

  it('fails where no other process can see the change', async () => {
    const change = changeByHand(runOn(stored, 'read_only'), ['s3-upload@x'], reset);
    await expect(change).rejects.toThrow(
      expect.objectContaining({
        code: 'local_io',
        details: { reason: 'read_only', hint: expect.stringContaining('/state') },
      }),
    );
  });
});
