import { readdirSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { renderToString, type Key as InkKey } from 'ink';
import { createElement } from 'react';
import { describe, expect, it } from 'vitest';
import { span, type Frame } from '../../../src/ui/frame.ts';
import { openWholeScreen, readKey, Rows, startLiveLines } from '../../../src/ui/terminal.tsx';
import type { Key } from '../../../src/ui/key.ts';

const FRAME: Frame = [[span('open', 'open'), span(' and '), span('well', 'closed')], [], [span('end')]];

/** A terminal of 80 columns that keeps what is written. */
function openTerminal() {
  const written: string[] = [];
  const stream = Object.assign(new PassThrough(), { columns: 80, rows: 24, isTTY: true });
  stream.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => written.join('') };
}

/** A keyboard that notes whether it is in raw mode. */
function openKeyboard() {
  const modes: boolean[] = [];
  const stream = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => modes.push(isRaw),
    ref: () => undefined,
    unref: () => undefined,
  });
  return { stream: stream as unknown as NodeJS.ReadStream, press: (text: string) => stream.write(text), modes };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

describe('Rows', () => {
  it.each([[false], [true]])('draws every row as it is, with colours: %s', (hasColour) => {
    const text = renderToString(createElement(Rows, { frame: FRAME, hasColour }), { columns: 40 });
    expect(
      stripVTControlCharacters(text)
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual(['open and well', '', 'end']);
    if (!hasColour) expect(text).toBe(stripVTControlCharacters(text));
  });

  it('cuts what is too wide instead of wrapping it', () => {
    const frame = [[span('x'.repeat(100))]];
    expect(renderToString(createElement(Rows, { frame, hasColour: false }), { columns: 20 })).not.toContain('\n');
  });
});

describe('startLiveLines', () => {
  it('steps aside for what is written, and gives the cursor back at the end', async () => {
    const { stream, text } = openTerminal();
    const live = startLiveLines(stream, { hasColour: false });
    // Before anything is shown there is nothing to step aside.
    live.stepAside(() => stream.write('early\n'));
    live.show([[span('50 % of 1.0 KiB')]]);
    live.stepAside(() => stream.write('warning: x\n'));
    live.stop();
    live.stop();
    live.stepAside(() => stream.write('late\n'));
    await until(() => text().includes('late'));
    const plain = stripVTControlCharacters(text());
    expect(plain.startsWith('early\n')).toBe(true);
    expect(plain).toContain('50 % of 1.0 KiB');
    expect(plain).toContain('warning: x\n');
    expect(plain.trimEnd().endsWith('late')).toBe(true);
    // Under CI=true Ink hides no cursor, so that none need come back.
    expect(text().lastIndexOf('\u001b[?25h')).toBeGreaterThanOrEqual(text().lastIndexOf('\u001b[?25l'));
  });
});

describe('openWholeScreen', () => {
  it('takes the second screen and the keyboard, and gives both back', async () => {
    const { stream: stdout, text } = openTerminal();
    const { stream: stdin, press, modes } = openKeyboard();
    const keys: Key[] = [];
    let resized = 0;
    const screen = openWholeScreen({
      stdin,
      stdout,
      hasColour: false,
      onKey: (key) => keys.push(key),
      onResize: () => (resized += 1),
    });
    expect([screen.columns(), screen.rows()]).toEqual([80, 24]);
    screen.show(FRAME);
    await until(() => text().includes('open and well') && modes.length > 0);
    press('j');
    await until(() => keys.length === 1);
    press('\u0003');
    await until(() => keys.length === 2);
    stdout.emit('resize');
    await screen.close();
    stdout.emit('resize');
    expect(keys).toEqual([{ kind: 'text', text: 'j' }, { kind: 'interrupt' }]);
    expect(resized).toBe(1);
    expect([modes[0], modes.at(-1)]).toEqual([true, false]);
    const written = text();
    expect(written.indexOf('\u001b[?1049h')).toBeGreaterThan(-1);
    expect(written.lastIndexOf('\u001b[?1049l')).toBeGreaterThan(written.lastIndexOf('\u001b[?1049h'));
    expect(written.lastIndexOf('\u001b[?25h')).toBeGreaterThan(written.lastIndexOf('\u001b[?25l'));
  });
});

describe('the terminal', () => {
  it('is touched by the file that draws and the one that colours words, and no other', () => {
    const touching = ['ui', 'breaker', 'cli'].flatMap((name) => {
      const folder = new URL(`../../../src/${name}/`, import.meta.url);
      return readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.tsx?$/.test(file))
        .filter((file) => /from '(?:ink|react)|\\u001b/.test(readFileSync(new URL(file, folder), 'utf8')))
        .map((file) => `${name}/${file}`);
    });
    expect(touching.toSorted()).toEqual(['ui/paint.ts', 'ui/terminal.tsx']);
  });
});

describe('readKey', () => {
  const press = (pressed: Partial<InkKey>): InkKey => pressed as InkKey;

  it.each([
    ['a letter', 'j', {}, { kind: 'text', text: 'j' }],
    ['pasted text', 'S3 is\r\nback\u001b[2J', {}, { kind: 'text', text: 'S3 isback[2J' }],
    ['enter', '\r', { return: true }, { kind: 'enter' }],
    ['backspace', '', { backspace: true }, { kind: 'backspace' }],
    ['what most terminals send for backspace', '', { delete: true }, { kind: 'backspace' }],
    ['an arrow', '', { upArrow: true }, { kind: 'up' }],
    ['escape', '', { escape: true }, { kind: 'escape' }],
    ['Ctrl-C', 'c', { ctrl: true }, { kind: 'interrupt' }],
    ['Ctrl-U', 'u', { ctrl: true }, { kind: 'clear' }],
    ['another control key', 'r', { ctrl: true }, null],
    ['a letter with Alt', 'r', { meta: true }, null],
    ['tab', '\t', { tab: true }, null],
    ['nothing', '', {}, null],
  ])('knows %s', (_what, input, pressed, key) => {
    expect(readKey(input, press(pressed))).toEqual(key);
  });
});
