import fc from 'fast-check';
import { env } from 'node:process';
import { describe, expect, it } from 'vitest';
import { measureColumns, toText, type Frame } from '../../../../src/ui/frame.ts';
import { ASCII_SYMBOLS, UNICODE_SYMBOLS, type Symbols } from '../../../../src/ui/symbols.ts';
import { drawWatch } from '../../../../src/breaker/watch/frame.ts';
import { pressKey } from '../../../../src/breaker/watch/keys.ts';
import type { StateFileView, WatchSnapshot } from '../../../../src/breaker/watch/snapshot.ts';
import { beginView, type WatchView } from '../../../../src/breaker/watch/view.ts';
import {
  circuitOf,
  CLOSED,
  DOWNLOAD,
  ISOLATED_ROW,
  JOB,
  NOW,
  OPEN,
  OPEN_ROW,
  OPENED,
  PROBED_ROW,
  PUT,
  rowOf,
  snapshotOf,
  UPLOAD,
} from '../../../support/watch.ts';

env['TZ'] = 'UTC';

const VIEW = { ...beginView({ isReadOnly: false, stateDirectory: null }), selected: UPLOAD };

interface Picture {
  readonly columns?: number;
  readonly rows?: number;
  readonly symbols?: Symbols;
  readonly view?: WatchView;
}

function drawFrame(
  snapshot: WatchSnapshot,
  { columns = 120, rows = 30, symbols = UNICODE_SYMBOLS, view = VIEW }: Picture = {},
): Frame {
  return drawWatch(snapshot, view, { columns, rows, symbols });
}

function draw(snapshot: WatchSnapshot, picture: Picture = {}): string {
  return toText(drawFrame(snapshot, picture));
}

/** The view after keys: letters, and the names of others in angle brackets. */
function type(keys: string, snapshot = snapshotOf()): WatchView {
  let view: WatchView = VIEW;
  for (const [, named, text] of keys.matchAll(/<(\w+)>|([^<]+)/g)) {
    const pressed =
      named === undefined
        ? Array.from(text ?? '', (letter) => ({ kind: 'text', text: letter }) as const)
        : [{ kind: named } as never];
    for (const key of pressed) view = pressKey(view, key, snapshot).view;
  }
  return view;
}

/** Without the blank rows in the middle and blanks that only keep columns apart. */
function squeeze(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.replaceAll(/ {2,}/g, '  ').trim())
    .filter((line) => line !== '');
}

describe('the screen at 120 columns', () => {
  it('shows an outage: state, failures, countdown, activity, cause, change and keys', () => {
    expect(squeeze(draw(snapshotOf({ jobs: [JOB] })))).toEqual([
      'breakwater  host-a  /home/ops/.local/state/breakwater/state.db  2 circuits  ■ 1 OPEN  live 12:04 UTC',
      'CIRCUIT  STATE  FAILURES  NEXT CALL  OPS 5m  ERR  P95  RETRIES  P50',
      's3-download@eu-west-1  ● closed  ····· 0/5  allowed  ··········  -  -  -  -',
      '→ s3-upload@eu-west-1  ■ OPEN  ■■■■■ 5/5  probe in 0:23  ▂▃▃▃▄▂█▆··  38%  2.5s  12/5/1  100ms',
      `── s3-upload@eu-west-1 ${'─'.repeat(97)}`,
      'state  ■ OPEN  ■■■■■ 5/5  probe in 0:23, at 12:04:32 UTC',
      'last error  SlowDown, HTTP 503, request id 4F2A, 12 s ago, put (pid 4711): Please reduce your request rate.',
      'outage  opened 37 s ago by put (pid 4711), 14 calls refused since',
      'ops 5m  ·▁▂▃▄·▁▂▃▄·▁▂▃▄·▁▂▇█▄▄▄▄······ 64, 50% within 100ms, 95% within 2.5s',
      'errors  ··················▄▄▄▄▄▄······ 24',
      'refused  ························██████ 12',
      'retries  12 x retry 1, 5 x retry 2, 1 x retry 3',
      'settings  opens after 5 failures in a row for 1m, closes after 2 probes; a probe has 30s',
      `── changes ${'─'.repeat(109)}`,
      '12:03:32  closed → OPEN  threshold reached: SlowDown  put (pid 4711)',
      `── running ${'─'.repeat(109)}`,
      'put 4711  ████████░░░░░░░░ 50 % of 6.0 MiB, 1.0 MiB/s, 0:03 left  s3://backups/db.tar',
      '? help  q quit  enter detail  r reset  i isolate  space pause  t time span  / filter  j/k move',
    ]);
  });

  it('shows which process probes, and the successes so far', () => {
    const halfOpen = {
      ...OPENED,
      atMs: NOW - 3000,
      from: 'open',
      to: 'half_open',
      why: 'probe_due',
      epoch: 2,
    } as const;
    const text = draw(snapshotOf({ circuits: [circuitOf(PROBED_ROW, { history: [halfOpen, OPENED], refused: 14 })] }));
    const lines = squeeze(text);
    expect(lines[2]).toContain('s3-upload@eu-west-1  ◐ HALF-OPEN  ■· 1/2 ok  probe: put 4711');
    expect(lines).toContain('probe  put (pid 4711), slot free in 20 s unless renewed, half-open for 3 s');
    expect(lines).toContain('outage  opened 37 s ago by put (pid 4711), 14 calls refused since');
  });

  it.each([
    ['closed', circuitOf(rowOf()), '● closed  ····· 0/5  allowed'],
    ['filling', circuitOf(rowOf({ failures: 3 })), '● closed  ■■■·· 3/5  allowed'],
    [
      'with a threshold that has no pips',
      circuitOf(rowOf({ failures: 3, failureThreshold: 50 })),
      '● closed  3/50  allowed',
    ],
    ['due', circuitOf({ ...OPEN_ROW, openedAtMs: NOW - 60_000 }), '◐ HALF-OPEN  ·· 0/2 ok  allowed as a probe'],
    ['isolated for a time', circuitOf(ISOLATED_ROW), '▲ ISOLATED  ····· 0/5  refused for 1:00:00'],
    [
      'isolated',
      circuitOf({ ...ISOLATED_ROW, manual: { by: 'ops', atMs: NOW, reason: null, untilMs: null } }),
      '▲ ISOLATED  ····· 0/5  refused until reset',
    ],
  ])('has a row for a circuit that is %s', (_how, circuit, row) => {
    expect(squeeze(draw(snapshotOf({ circuits: [circuit] })))[2]).toContain(row);
  });

  it('explains an isolation, a reset and a wrong clock', () => {
    const isolated = draw(snapshotOf({ circuits: [circuitOf(ISOLATED_ROW, { refused: 2 })] }));
    expect(isolated).toContain('isolated by ops 3 min ago, until 13:04:09 UTC, 2 refused since: bucket migration');
    const reset = rowOf({ epoch: 2, manual: { by: 'ops', atMs: NOW - 5000, reason: null, untilMs: null } });
    expect(draw(snapshotOf({ circuits: [circuitOf(reset)] }))).toContain('reset by ops 5 s ago');
    const askew = draw(snapshotOf({ circuits: [{ ...OPEN, isClockAskew: true }] }));
    expect(askew).toContain('opened in the future');
  });

  it('shows transfers of other hosts, sweeps, silent ones and those whose process has ended', () => {
    const jobs = [
      { ...JOB, id: 'a', process: { ...PUT, host: 'host-b' }, totalBytes: null, target: null },
      { ...JOB, id: 'b', objectsStarted: 0, objectsDone: 1200, objectsFailed: 3, totalBytes: null },
      { ...JOB, id: 'c', updatedAtMs: NOW - 70_000 },
      { ...JOB, id: 'd', isAlive: false },
    ];
    const text = draw(snapshotOf({ jobs }));
    expect(text).toContain('put 4711 on ~ 3.0 MiB, 1.0 MiB/s');
    expect(text).toContain('1200 done, 3.0 MiB, 1.0 MiB/s, 3 failed');
    expect(text).toContain('silent for 1 min');
    expect(text).toContain('its process has ended');
  });

  it('counts the transfers that do not fit', () => {
    const jobs = Array.from({ length: 30 }, (_, index) => ({ ...JOB, id: String(index) }));
    expect(draw(snapshotOf({ jobs }))).toContain('and 26 more');
  });

  it('opens the detail of a circuit, and scrolls its history', () => {
    const history = Array.from({ length: 50 }, (_, index) => ({
      ...OPENED,
      atMs: NOW - index * 86_400_000,
      epoch: 50 - index,
    }));
    const snapshot = snapshotOf({ circuits: [{ ...OPEN, history }] });
    const detail = draw(snapshot, { view: type('<enter>', snapshot) });
    expect(detail).toContain('changes 1-16 of 50');
    expect(detail).toContain('$ breakwater breaker-status --history s3-upload@eu-west-1');
    expect(detail).not.toContain('CIRCUIT ');
    expect(draw(snapshot, { view: type('<enter>jj', snapshot) })).toContain('changes 3-19 of 50');
    expect(draw(snapshot, { view: type('<enter>', snapshot) })).toContain('01-01 12:04');
  });

  it('explains keys and states', () => {
    const help = draw(snapshotOf(), { view: type('?') });
    expect(help).toContain('isolate: force the circuit open, for a time or until a reset');
    expect(help).toContain('◐ HALF-OPEN');
    const view = { ...type('?'), options: { isReadOnly: true, stateDirectory: null } };
    expect(draw(snapshotOf(), { view })).toContain('asks first (disabled by --read-only)');
  });

  it('asks before a change by hand, with its effect and its shell command', () => {
    const first = squeeze(draw(snapshotOf(), { view: type('i') }));
    expect(first.slice(-5)).toEqual([
      'isolate s3-upload@eu-west-1: refuses every call of every process until the time is up or it is reset',
      'for  1h█  such as 30m or 2h; empty = until a reset',
      'reason',
      '$ breakwater breaker-isolate s3-upload@eu-west-1 --for 1h',
      'enter = next  ctrl-u = clear  esc = cancel',
    ]);
    const last = squeeze(draw(snapshotOf(), { view: type("r<clear>it's back<enter>") }));
    expect(last.slice(-4)).toEqual([
      'reset s3-upload@eu-west-1: closes it for every process; calls already in flight no longer count',
      "reason it's back",
      "$ breakwater breaker-reset s3-upload@eu-west-1 --reason 'it'\\''s back'",
      'reset it now? y = yes, any other key = no',
    ]);
    expect(draw(snapshotOf(), { view: type('i<clear>soon<enter>') })).toContain('"soon" is not valid');
  });

  it('shows the filter while it is typed and while it is applied', () => {
    expect(draw(snapshotOf(), { view: type('/down') })).toContain('filter /down█  1 of 2');
    const kept = draw(snapshotOf(), { view: type('/down<enter>') });
    expect(kept).not.toContain(UPLOAD);
    expect(kept).toContain('$ breakwater breaker-status s3-download@eu-west-1');
    expect(draw(snapshotOf(), { view: type('/nothing<enter>') })).toContain('no circuit matches "nothing"');
  });

  it('shows that it is paused and read-only', () => {
    const view = { ...type(' '), options: { isReadOnly: true, stateDirectory: null } };
    const text = draw(snapshotOf(), { view });
    expect(text).toContain('read-only  PAUSED 12:04 UTC');
    expect(text).not.toContain('r reset');
  });
});

describe('the screen of a state that is not ready', () => {
  it('shows every circuit as closed if nothing was recorded', () => {
    const stateFile = { path: '/s/state.db', condition: 'missing' } as const;
    const text = draw(snapshotOf({ stateFile, circuits: [CLOSED] }));
    expect(text).toContain('nothing has been recorded here yet: /s/state.db');
    expect(text).toContain(DOWNLOAD);
  });

  it.each<[StateFileView['condition'], string]>([
    ['corrupt', 'the state file is corrupt: /s/state.db'],
    ['newer_schema', 'the state file was written by a newer breakwater: /s/state.db'],
    ['unwritable', 'the state file cannot be read or written: /s/state.db'],
    ['locked', 'the state file is locked by another process: /s/state.db'],
    ['full', 'its disk is full: /s/state.db'],
    ['network_file_system', 'where file locks are unreliable: /s/state.db'],
  ])('says so instead of showing unknown circuits: %s', (condition, says) => {
    const snapshot = snapshotOf({ stateFile: { path: '/s/state.db', condition } });
    for (const rows of [30, 5]) {
      const text = draw(snapshot, { rows });
      expect(text).toContain(says);
      expect(text).not.toContain(DOWNLOAD);
    }
    expect(type('r', snapshot)).toMatchObject({
      form: null,
      message: { text: 'reset is disabled while the state file cannot be used' },
    });
  });
});

describe('the screen of any size', () => {
  it('drops columns that do not fit, but never the needed ones', () => {
    const text = squeeze(draw(snapshotOf(), { columns: 80, rows: 24 }));
    expect(text[0]).toBe('breakwater  2 circuits  ■ 1 OPEN  live 12:04 UTC');
    expect(text[1]).toBe('CIRCUIT  STATE  FAILURES  NEXT CALL');
    expect(text[3]).toBe('→ s3-upload@eu-west-1  ■ OPEN  ■■■■■ 5/5  probe in 0:23');
  });

  it('keeps the columns at 60, and shortens the name', () => {
    const text = squeeze(draw(snapshotOf(), { columns: 60, rows: 24 }));
    expect(text[1]).toBe('CIRCUIT  STATE  FAILURES  NEXT CALL');
    expect(text[3]).toContain('■ OPEN  ■■■■■ 5/5  probe in');
  });

  it('is a list below 60', () => {
    const text = squeeze(draw(snapshotOf(), { columns: 50, rows: 24 }));
    expect(text.slice(1, 3)).toEqual([
      '● closed allowed s3-download@eu-west-1',
      '→ ■ OPEN probe in 0:23 s3-upload@eu-west-1',
    ]);
    expect(text.at(-1)).toBe('? help  q quit  enter detail  r reset  i isolate');
  });

  it('is one line about the worst in few rows', () => {
    const text = squeeze(draw(snapshotOf(), { columns: 80, rows: 4 }));
    expect(text[0]).toBe('■ OPEN s3-upload@eu-west-1 probe in 0:23  ● closed s3-download@eu-west-1 allow~');
    expect(draw(snapshotOf(), { columns: 80, rows: 2 })).toContain('■ OPEN');
  });

  it('shows an open form even in few rows', () => {
    expect(draw(snapshotOf(), { columns: 80, rows: 5, view: type('r<enter>') })).toContain('reset it now? y = yes');
  });

  it('moves the rows with the selected one', () => {
    const circuits = Array.from({ length: 60 }, (_, index) =>
      circuitOf(rowOf({ name: `s3-upload@r${String(index).padStart(2, '0')}` })),
    );
    const snapshot = snapshotOf({ circuits });
    expect(draw(snapshot, { view: type('G', snapshot) })).toContain('→ s3-upload@r59');
    expect(draw(snapshot, { view: type('gjjj', snapshot) })).toContain('→ s3-upload@r03');
  });

  const keys = fc.array(
    fc.constantFrom(
      'j',
      'k',
      'r',
      'i',
      '?',
      '/',
      ' ',
      't',
      'x',
      'y',
      '<enter>',
      '<escape>',
      '<end>',
      '<page_down>',
      '<backspace>',
    ),
    { maxLength: 8 },
  );

  it('is never wider than the window, and always one row lower; the last row shows the keys or the form', () => {
    const snapshots = [
      snapshotOf({ jobs: [JOB] }),
      snapshotOf({
        circuits: [circuitOf(PROBED_ROW), circuitOf(ISOLATED_ROW), OPEN],
        jobs: [JOB, { ...JOB, id: 'k', target: '日本語'.repeat(40) }],
      }),
      snapshotOf({ circuits: [] }),
      snapshotOf({ stateFile: { path: '/s'.repeat(60), condition: 'corrupt' } }),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...snapshots),
        fc.integer({ min: 1, max: 140 }),
        fc.integer({ min: 1, max: 40 }),
        keys,
        (snapshot, columns, rows, pressed) => {
          const view = type(pressed.join(''), snapshot);
          const frame = drawFrame(snapshot, { columns, rows, view });
          expect(frame.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
          for (const line of frame) {
            expect(measureColumns(line.map(({ text }) => text).join(''))).toBeLessThanOrEqual(columns);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('uses ASCII only if it must, in every state and on every page', () => {
    const snapshot = snapshotOf({
      circuits: [CLOSED, OPEN, circuitOf({ ...PROBED_ROW, name: 'p' }), circuitOf({ ...ISOLATED_ROW, name: 'i' })],
      jobs: [JOB],
    });
    for (const pressed of ['', '?', '<enter>', 'i', 'r<enter>', '/x', ' ', 't']) {
      const text = draw(snapshot, { symbols: ASCII_SYMBOLS, view: type(pressed, snapshot) });
      expect(text).toMatch(/^[ -~\n]*$/);
    }
    const text = draw(snapshot, { symbols: ASCII_SYMBOLS });
    for (const lamp of ['[=] closed', '[X] OPEN', '[~] HALF-OPEN', '[!] ISOLATED']) expect(text).toContain(lamp);
  });

  it('has a symbol and a word for every state, so that colour is never needed', () => {
    for (const symbols of [UNICODE_SYMBOLS, ASCII_SYMBOLS]) {
      const lamps = Object.values(symbols.lamps);
      expect(new Set(lamps).size).toBe(lamps.length);
    }
  });

  it('is the same for the same input, and differs only if the input does', () => {
    expect(drawFrame(snapshotOf())).toEqual(drawFrame(snapshotOf()));
    // Within one second and one slot nothing moves, so nothing is drawn.
    expect(drawFrame(snapshotOf({ takenAtMs: NOW + 900 }))).toEqual(drawFrame(snapshotOf()));
  });
});
