import { Box, render, Text } from 'ink';
import { useEffect, type ReactElement } from 'react';
import type { Clock } from '../clock.ts';
import type { Frame, Tone } from './frame.ts';
import type { JobControl } from './job-control.ts';
import type { Key } from './key.ts';
import type { LiveLines, WholeScreen } from './surface.ts';
import { createKeyboard, type Keyboard } from './keyboard.ts';

/** Uses only the 16 colours of every terminal. Cyan replaces green, which many people cannot distinguish from red. */
const STYLES: Readonly<Record<Tone, Readonly<Record<string, string | boolean>>>> = {
  plain: {},
  faint: { dimColor: true },
  strong: { bold: true },
  closed: { color: 'cyan' },
  open: { color: 'red', bold: true },
  half_open: { color: 'yellow' },
  isolated: { color: 'magenta' },
  warning: { color: 'yellow' },
  marked: { inverse: true },
};

interface RowsProps {
  readonly frame: Frame;
  readonly hasColour: boolean;
}

/** Draws a frame unchanged. */
export function Rows({ frame, hasColour }: RowsProps): ReactElement {
  return (
    <Box flexDirection="column">
      {frame.map((line, row) => (
        // oxlint-disable-next-line react/no-array-index-key -- a row is its index
        <Text key={row} wrap="truncate-end">
          {line.length === 0 ? ' ' : null}
          {line.map(({ text, tone }, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- a span is its index
            <Text key={index} {...(hasColour ? STYLES[tone] : {})}>
              {text}
            </Text>
          ))}
        </Text>
      ))}
    </Box>
  );
}

interface LiveLinesOptions {
  readonly hasColour: boolean;
  readonly jobControl: JobControl;
}

/** Draws on `stderr`, below all other output. Ctrl-Z takes the lines away and gives the cursor back until it continues. */
export function startLiveLines(stderr: NodeJS.WriteStream, { hasColour, jobControl }: LiveLinesOptions): LiveLines {
  let instance: ReturnType<typeof render> | null = null;
  let last: Frame | null = null;
  let isPaused = false;
  const draw = (): void => {
    if (last === null || isPaused) return;
    const view = <Rows frame={last} hasColour={hasColour} />;
    if (instance === null) {
      assumeSize(stderr);
      // Who calls this has found a terminal; Ink would draw only at the end wherever a variable CI or CI_... exists.
      instance = render(view, { stdout: stderr, stderr, interactive: true, exitOnCtrlC: false, patchConsole: false });
    } else {
      instance.rerender(view);
    }
  };
  const remove = (): void => {
    instance?.clear();
    instance?.unmount();
    instance = null;
  };
  const pause = async (): Promise<void> => {
    isPaused = true;
    remove();
    await jobControl.stop('process');
    isPaused = false;
    draw();
  };
  const listening = jobControl.listen({ onStop: () => void pause(), onContinue: draw });
  return {
    columns: () => {
      assumeSize(stderr);
      return stderr.columns;
    },
    show: (frame) => {
      last = frame;
      draw();
    },
    stepAside: (write) => {
      instance?.clear();
      write();
      draw();
    },
    stop: () => {
      listening[Symbol.dispose]();
      remove();
      last = null;
    },
  };
}

interface WholeScreenOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly hasColour: boolean;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly jobControl: JobControl;
  readonly onKey: (key: Key) => void;
  /** Called before anything else is drawn at the new size. */
  readonly onResize: () => void;
  /** The terminal has been closed. */
  readonly onGone: () => void;
}

/** Takes over the terminal. Both streams must be terminals. Ctrl-Z gives it back until the shell continues the process. */
export function openWholeScreen(options: WholeScreenOptions): WholeScreen {
  return new TakenTerminal(options);
}

class TakenTerminal implements WholeScreen {
  readonly #options: WholeScreenOptions;
  readonly #keyboard: Keyboard;
  readonly #listening: Disposable;
  #frame: Frame = [];
  /** Null while the terminal is given back. */
  #instance: ReturnType<typeof render> | null = null;
  #isClosed = false;
  /** One change of hands at a time: a stop comes with its own continue. */
  #turn = Promise.resolve();

  constructor(options: WholeScreenOptions) {
    this.#options = options;
    const { stdin, stdout, clock, jobControl, onKey, onGone } = options;
    const stop = (whom: 'process' | 'group'): void => this.#leave(async () => await jobControl.stop(whom));
    this.#keyboard = createKeyboard({
      stdin,
      clock,
      onKey: (key) => (key.kind === 'suspend' ? stop('group') : onKey(key)),
      onGone,
    });
    this.#listening = jobControl.listen({
      onStop: () => stop('process'),
      // After a stop that could not be noticed: the shell has changed the mode of the terminal, and drawn over the screen.
      onContinue: () => this.#leave(async () => await Promise.resolve()),
    });
    assumeSize(stdout);
    stdout.on('resize', this.#resize);
    stdout.on('error', onGone);
    this.#take();
  }

  columns(): number {
    return this.#options.stdout.columns;
  }

  rows(): number {
    return this.#options.stdout.rows;
  }

  show(frame: Frame): void {
    this.#frame = frame;
    this.#instance?.rerender(this.#view());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listening[Symbol.dispose]();
    this.#options.stdout.off('resize', this.#resize);
    await this.#turn;
    await this.#giveBack();
  }

  /** Gives the terminal back while `pause` runs. */
  #leave(pause: () => Promise<void>): void {
    this.#turn = this.#turn.then(async () => {
      if (this.#isClosed) return;
      await this.#giveBack();
      await pause();
      if (this.#isClosed) return;
      this.#take();
      this.#resize();
    });
  }

  #take(): void {
    const { stdin, stdout } = this.#options;
    this.#keyboard.open();
    this.#instance = render(this.#view(), {
      stdin,
      stdout,
      alternateScreen: true,
      interactive: true,
      incrementalRendering: true,
      exitOnCtrlC: false,
      patchConsole: false,
    });
  }

  async #giveBack(): Promise<void> {
    const instance = this.#instance;
    this.#instance = null;
    instance?.unmount();
    this.#keyboard.close();
    await instance?.waitUntilExit();
  }

  /** On a resize Ink redraws its last frame, which must first be replaced with one that fits. */
  readonly #resize = (): void => {
    assumeSize(this.#options.stdout);
    this.#options.onResize();
  };

  #view(): ReactElement {
    const { stdout, hasColour } = this.#options;
    return (
      <>
        <PasteMarks stdout={stdout} />
        <Rows frame={this.#frame} hasColour={hasColour} />
      </>
    );
  }
}

/** No window is larger; a screen of 65,535 x 65,535, as some lines report, would take all memory. */
const COLUMNS_MAX = 1000;
const ROWS_MAX = 250;

/** A terminal that knows no size, such as a serial line or that of a new container, counts as the usual one. */
function assumeSize(stream: NodeJS.WriteStream): void {
  // Also for Ink, which would ask other programs for the size.
  stream.columns = stream.columns > 0 ? Math.min(stream.columns, COLUMNS_MAX) : 80;
  stream.rows = stream.rows > 0 ? Math.min(stream.rows, ROWS_MAX) : 24;
}

const PASTE_MARKS_ON = '\u001b[?2004h';
const PASTE_MARKS_OFF = '\u001b[?2004l';

/** The terminal marks pasted text, so that it is not taken for keys. */
function PasteMarks({ stdout }: { readonly stdout: NodeJS.WriteStream }): null {
  useEffect(() => {
    stdout.write(PASTE_MARKS_ON);
    return () => {
      stdout.write(PASTE_MARKS_OFF);
    };
  }, [stdout]);
  return null;
}
