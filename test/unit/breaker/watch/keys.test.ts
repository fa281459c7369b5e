import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pressKey, type KeyStep } from '../../../../src/breaker/watch/keys.ts';
import type { Key } from '../../../../src/ui/key.ts';
import type { WatchSnapshot } from '../../../../src/breaker/watch/snapshot.ts';
import { beginView, findSelected, type WatchView } from '../../../../src/breaker/watch/view.ts';
import { DOWNLOAD, snapshotOf, UPLOAD } from '../../../support/watch.ts';

const BEGIN = beginView({ isReadOnly: false, stateDirectory: null });

function text(letters: string): Key {
  return { kind: 'text', text: letters };
}

const ENTER: Key = { kind: 'enter' };

/** Presses keys one after the other; a string is typed letter by letter. */
function press(
  keys: readonly (string | Key)[],
  view: WatchView = BEGIN,
  snapshot: WatchSnapshot = snapshotOf(),
): KeyStep {
  let step: KeyStep = { view, action: null };
  for (const key of keys.flatMap((one) => (typeof one === 'string' ? Array.from(one, text) : [one]))) {
    step = pressKey(step.view, key, snapshot);
  }
  return step;
}

const selected = (view: WatchView): string | undefined => findSelected(snapshotOf(), view)?.name;

describe('pressKey', () => {
  it.each<[string, readonly (string | Key)[], string]>([
    ['nothing', [], DOWNLOAD],
    ['down', ['j'], UPLOAD],
    ['down beyond the end', ['jjj'], UPLOAD],
    ['down and up', ['jk'], DOWNLOAD],
    ['up beyond the beginning', ['k'], DOWNLOAD],
    ['the arrows', [{ kind: 'down' }, { kind: 'up' }, { kind: 'down' }], UPLOAD],
    ['to the end and back', ['Gg'], DOWNLOAD],
    ['end', [{ kind: 'end' }], UPLOAD],
    ['a number', ['2'], UPLOAD],
    ['a number that is none', ['29'], UPLOAD],
    ['pasted text, which is no key', [{ kind: 'paste', text: 'j' }], DOWNLOAD],
  ])('selects by %s', (_how, keys, name) => {
    expect(selected(press(keys).view)).toBe(name);
  });

  it.each<[string, readonly (string | Key)[]]>([
    ['q', ['q']],
    ['Ctrl-C', [{ kind: 'interrupt' }]],
    ['Ctrl-C in a question', ['r', { kind: 'interrupt' }]],
    ['Ctrl-C in the filter', ['/q', { kind: 'interrupt' }]],
    ['q in the help', ['?q']],
    ['q in the detail', [ENTER, 'q']],
  ])('quits by %s', (_how, keys) => {
    expect(press(keys).action).toEqual({ kind: 'quit' });
  });

  it('takes a typed q as a letter', () => {
    expect(press(['/q']).action).toBeNull();
    expect(press(['rq']).view.form?.reason).toBe('q');
  });

  it('changes the span, pauses and resumes, opens and closes help and detail', () => {
    expect(['', 't', 'tt', 'ttt'].map((keys) => press([keys]).view.spanMs)).toEqual([
      300_000, 900_000, 3_600_000, 300_000,
    ]);
    expect([' ', '  '].map((keys) => press([keys]).view.isPaused)).toEqual([true, false]);
    expect(press(['?']).view.page).toBe('help');
    expect(press(['?x']).view.page).toBe('table');
    expect(press([ENTER]).view).toMatchObject({ page: 'detail', selected: DOWNLOAD });
    expect(press([ENTER, ENTER]).view.page).toBe('table');
    expect(press([ENTER, { kind: 'escape' }]).view.page).toBe('table');
  });

  it('filters while typing, and applies or clears the filter', () => {
    expect(press(['/UPx', { kind: 'backspace' }, 'load', ENTER]).view).toMatchObject({
      filter: 'UPload',
      isFiltering: false,
    });
    expect(selected(press(['/UPLOAD', ENTER]).view)).toBe(UPLOAD);
    expect(press(['/up', { kind: 'escape' }]).view).toMatchObject({ filter: '', isFiltering: false });
    expect(press(['/up', ENTER, { kind: 'escape' }]).view.filter).toBe('');
    expect(press(['/up', { kind: 'clear' }]).view.filter).toBe('');
  });

  it('shows the shell command for the same view', () => {
    expect(press(['j', ENTER]).view.message?.command).toBe(`breakwater breaker-status --history ${UPLOAD}`);
    expect(press(['/down', ENTER]).view.message?.command).toBe(`breakwater breaker-status ${DOWNLOAD}`);
    const elsewhere = beginView({ isReadOnly: false, stateDirectory: '/var/my state' });
    expect(press([ENTER], elsewhere).view.message?.command).toBe(
      `breakwater breaker-status --history ${DOWNLOAD} --state-dir '/var/my state'`,
    );
  });

  it('resets after a reason and a yes, and shows the shell command for it', () => {
    expect(press(['jrS3 is back', ENTER, 'y']).action).toEqual({
      kind: 'reset',
      circuit: UPLOAD,
      reason: 'S3 is back',
      command: `breakwater breaker-reset ${UPLOAD} --reason 'S3 is back'`,
    });
    expect(press(['r', ENTER, 'Y']).action).toMatchObject({
      reason: null,
      command: `breakwater breaker-reset ${DOWNLOAD}`,
    });
  });

  it.each<[string, readonly (string | Key)[], object]>([
    [
      'for an hour unless told otherwise',
      ['i', ENTER, ENTER, 'y'],
      { forMs: 3_600_000, command: `breakwater breaker-isolate ${DOWNLOAD} --for 1h` },
    ],
    [
      'for a time, with a reason',
      ['i', { kind: 'clear' }, '30m', ENTER, "it's ill", ENTER, 'y'],
      {
        forMs: 1_800_000,
        reason: "it's ill",
        command: `breakwater breaker-isolate ${DOWNLOAD} --for 30m --reason 'it'\\''s ill'`,
      },
    ],
    [
      'until a reset',
      ['i', { kind: 'clear' }, ENTER, ENTER, 'y'],
      { forMs: null, command: `breakwater breaker-isolate ${DOWNLOAD}` },
    ],
  ])('isolates %s', (_how, keys, action) => {
    expect(press(keys).action).toMatchObject({ kind: 'isolate', circuit: DOWNLOAD, ...action });
  });

  it('keeps an invalid time in its field, and says why', () => {
    for (const wrong of ['soon', '0', '5']) {
      expect(press(['i', { kind: 'clear' }, wrong, ENTER]).view.form).toMatchObject({ field: 'for', duration: wrong });
      expect(press(['i', { kind: 'clear' }, wrong, ENTER]).view.form?.problem).toContain(wrong);
    }
  });

  it('applies to the circuit that was selected when the form opened', () => {
    const { view } = press(['jr', ENTER]);
    const [first] = snapshotOf().circuits;
    expect(pressKey(view, text('y'), snapshotOf({ circuits: [first!] })).action).toMatchObject({ circuit: UPLOAD });
  });

  it('refuses to reset and isolate under --read-only, with a message', () => {
    const view = beginView({ isReadOnly: true, stateDirectory: null });
    for (const key of ['r', 'i']) {
      const step = press([key, ENTER, ENTER, 'y'], view);
      expect(step).toMatchObject({ action: null, view: { form: null } });
      expect(press([key], view).view.message?.text).toContain('--read-only');
    }
  });

  it('never changes anything without a y', () => {
    const key = fc.oneof(
      fc.constantFrom<Key>(
        { kind: 'enter' },
        { kind: 'escape' },
        { kind: 'backspace' },
        { kind: 'down' },
        { kind: 'clear' },
      ),
      fc.constantFrom('r', 'i', 'n', 'q', 'j', ' ', '/', '?', 't', '1', 'x').map(text),
    );
    fc.assert(
      fc.property(fc.array(key, { maxLength: 30 }), (keys) => {
        let view = BEGIN;
        for (const one of keys) {
          const step = pressKey(view, one, snapshotOf());
          expect(step.action?.kind ?? 'quit').toBe('quit');
          view = step.view;
        }
      }),
    );
  });

  it('cancels on escape and on anything but a y, and says so', () => {
    for (const keys of [
      ['r', { kind: 'escape' } as const],
      ['r', ENTER, 'n'],
      ['r', ENTER, ENTER],
    ]) {
      expect(press(keys)).toMatchObject({
        action: null,
        view: { form: null, message: { text: 'nothing was changed' } },
      });
    }
  });
});
