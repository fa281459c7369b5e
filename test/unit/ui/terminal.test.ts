import { readdirSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { renderToString } from 'ink';
import { createElement } from 'react';
import { describe, expect, it } from 'vitest';
import { span, type Frame } from '../../../src/ui/frame.ts';
import { openWholeScreen, Rows, startLiveLines } from '../../../src/ui/terminal.tsx';
import { systemClock } from '../../../src/clock.ts';
import type { JobControl } from '../../../src/ui/job-control.ts';
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
    const live = startLiveLines(stream, { hasColour: false, jobControl: createShell().jobControl });
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
    expect(text().lastIndexOf('\u001b[?25h')).toBeGreaterThanOrEqual(text().lastIndexOf('\u001b[?25l'));
  });
});

/** A shell that stops and continues the process. */
function createShell() {
  const stops: string[] = [];
  let heard = { onStop: (): void => undefined, onContinue: (): void => undefined };
  let goOn: () => void = () => undefined;
  const jobControl: JobControl = {
    listen: (listeners) => {
      heard = listeners;
      return { [Symbol.dispose]: () => undefined };
    },
    stop: async (whom) => {
      stops.push(whom);
      await new Promise<void>((resolve) => (goOn = resolve));
    },
  };
  return {
    jobControl,
    stops,
    stop: () => heard.onStop(),
    continue: () => goOn(),
    wasContinued: () => heard.onContinue(),
  };
}

/** The second screen of a stage: what happened on it, and the shell around it. */
function openStage({ columns = 80, rows = 24 } = {}) {
  const { stream: stdout, text } = openTerminal();
  Object.assign(stdout, { columns, rows });
  const { stream: stdin, press, modes } = openKeyboard();
  const keys: Key[] = [];
  const shell = createShell();
  const counts = { resized: 0, gone: 0 };
  const screen = openWholeScreen({
    stdin,
    stdout,
    hasColour: false,
    clock: systemClock,
    jobControl: shell.jobControl,
    onKey: (key) => keys.push(key),
    onResize: () => (counts.resized += 1),
    onGone: () => (counts.gone += 1),
  });
  return {
    stdout,
    stdin,
    text,
    press,
    modes,
    keys,
    counts,
    screen,
    ...shell,
  };
}

const SECOND_ON = '\u001b[?1049h';
const SECOND_OFF = '\u001b[?1049l';
const count = (text: string, part: string): number => text.split(part).length - 1;

describe('startLiveLines, stopped by the shell', () => {
  it('takes its lines away until it is continued', async () => {
    const { stream, text } = openTerminal();
    const shell = createShell();
    const live = startLiveLines(stream, { hasColour: false, jobControl: shell.jobControl });
    live.show([[span('half')]]);
    await until(() => text().includes('half'));
    shell.stop();
    live.show([[span('more')]]);
    expect([shell.stops, text().includes('more')]).toEqual([['process'], false]);
    shell.continue();
    await until(() => text().includes('more'));
    live.stop();
  });
});

describe('openWholeScreen', () => {
  it('takes the second screen and the keyboard, and gives both back', async () => {
    const { stdout, text, press, modes, keys, counts, screen } = openStage();
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
    expect(counts.resized).toBe(1);
    expect([modes[0], modes.at(-1)]).toEqual([true, false]);
    const written = text();
    expect(written.indexOf(SECOND_ON)).toBeGreaterThan(-1);
    expect(written.lastIndexOf(SECOND_OFF)).toBeGreaterThan(written.lastIndexOf(SECOND_ON));
    expect(written.lastIndexOf('\u001b[?2004l')).toBeGreaterThan(written.lastIndexOf('\u001b[?2004h'));
    expect(written.lastIndexOf('\u001b[?25h')).toBeGreaterThan(written.lastIndexOf('\u001b[?25l'));
  });

  it('joins the sequence of a key that a slow line has split, and takes an escape alone for the key', async () => {
    const { press, keys, screen } = openStage();
    press('\u001b');
    await until(() => true);
    press('[B');
    await until(() => keys.length === 1);
    press('\u001b');
    await until(() => keys.length === 2);
    expect(keys).toEqual([{ kind: 'down' }, { kind: 'escape' }]);
    await screen.close();
  });

  it.each([
    ['Ctrl-Z', 'group'],
    ['a stop from outside', 'process'],
  ] as const)('gives the terminal back on %s, and takes it again when continued', async (how, whom) => {
    const { text, press, modes, keys, stops, screen, ...stage } = openStage();
    screen.show(FRAME);
    await until(() => text().includes('open and well'));
    if (how === 'Ctrl-Z') press('\u001a');
    else stage.stop();
    await until(() => stops.length === 1);
    expect([stops, modes, count(text(), SECOND_OFF)]).toEqual([[whom], [true, false], 1]);
    // What is shown meanwhile is drawn later.
    screen.show([[span('news')]]);
    expect(text()).not.toContain('news');
    stage.continue();
    await until(() => text().includes('news'));
    expect([modes, count(text(), SECOND_ON), keys]).toEqual([[true, false, true], 2, []]);
    await screen.close();
    expect([modes.at(-1), count(text(), SECOND_OFF)]).toEqual([false, 2]);
  });

  it('sets the keyboard and draws everything anew after a stop that nobody could notice', async () => {
    const { text, modes, screen, counts, wasContinued } = openStage();
    screen.show(FRAME);
    await until(() => text().includes('open and well'));
    wasContinued();
    await until(() => count(text(), 'open and well') === 2);
    expect([modes, counts.resized]).toEqual([[true, false, true], 1]);
    await screen.close();
  });

  it('draws on a terminal that knows no size as on one of 80 x 24, also when it forgets its size', async () => {
    const { stdout, text, screen } = openStage({ columns: 0, rows: 0 });
    expect([screen.columns(), screen.rows()]).toEqual([80, 24]);
    screen.show(FRAME);
    await until(() => text().includes('open and well'));
    Object.assign(stdout, { columns: 0, rows: 0 });
    stdout.emit('resize');
    expect([screen.columns(), screen.rows()]).toEqual([80, 24]);
    await screen.close();
  });

  it('draws at most 250 rows of 1000 columns, whatever the terminal reports', async () => {
    const { stdout, screen } = openStage({ columns: 65_535, rows: 65_535 });
    expect([screen.columns(), screen.rows()]).toEqual([1000, 250]);
    Object.assign(stdout, { columns: 200, rows: 60 });
    stdout.emit('resize');
    expect([screen.columns(), screen.rows()]).toEqual([200, 60]);
    await screen.close();
  });

  it('says that the terminal has gone', async () => {
    const { stdin, stdout, counts, screen } = openStage();
    stdin.emit('end');
    stdout.emit('error', new Error('EIO'));
    expect(counts.gone).toBe(2);
    await screen.close();
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
