import { Box, render, Text, useInput, type Key as InkKey } from 'ink';
import type { ReactElement } from 'react';
import type { Frame, Tone } from './frame.ts';
import type { Key } from './key.ts';

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

/** A place where frames are drawn until it is closed. */
interface Surface {
  readonly columns: () => number;
  readonly show: (frame: Frame) => void;
}

/** Lines that stay below all other output. */
export interface LiveLines extends Surface {
  /** Clears the lines, runs `write`, and redraws them. */
  readonly stepAside: (write: () => void) => void;
  /** Removes the lines and restores the cursor. Idempotent. */
  readonly stop: () => void;
}

/** The whole window, on the terminal's alternate screen: closing it restores the previous content. */
export interface WholeScreen extends Surface {
  readonly rows: () => number;
  /** Restores keyboard, cursor and screen. Also done when the process exits. Idempotent. */
  readonly close: () => Promise<void>;
}

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

/** Draws on `stderr`, below all other output. */
export function startLiveLines(stderr: NodeJS.WriteStream, { hasColour }: { hasColour: boolean }): LiveLines {
  let instance: ReturnType<typeof render> | null = null;
  let last: Frame | null = null;
  const draw = (): void => {
    if (last === null) return;
    const view = <Rows frame={last} hasColour={hasColour} />;
    if (instance === null) {
      instance = render(view, { stdout: stderr, stderr, exitOnCtrlC: false, patchConsole: false });
    } else {
      instance.rerender(view);
    }
  };
  return {
    columns: () => stderr.columns,
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
      instance?.clear();
      instance?.unmount();
      instance = null;
      last = null;
    },
  };
}

interface WholeScreenOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly hasColour: boolean;
  readonly onKey: (key: Key) => void;
  /** Called before anything else is drawn at the new size. */
  readonly onResize: () => void;
}

/** Takes over the terminal. Both streams must be terminals. */
export function openWholeScreen({ stdin, stdout, hasColour, onKey, onResize }: WholeScreenOptions): WholeScreen {
  // On a resize Ink redraws its last frame, which must first be replaced with one that fits.
  stdout.on('resize', onResize);
  const view = (frame: Frame): ReactElement => (
    <>
      <Keyboard onKey={onKey} />
      <Rows frame={frame} hasColour={hasColour} />
    </>
  );
  const instance = render(view([]), {
    stdin,
    stdout,
    alternateScreen: true,
    interactive: true,
    incrementalRendering: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  return {
    columns: () => stdout.columns,
    rows: () => stdout.rows,
    show: (frame) => instance.rerender(view(frame)),
    close: async () => {
      stdout.off('resize', onResize);
      instance.unmount();
      await instance.waitUntilExit();
    },
  };
}

function Keyboard({ onKey }: { readonly onKey: (key: Key) => void }): null {
  useInput((input, pressed) => {
    const key = readKey(input, pressed);
    if (key !== null) onKey(key);
  });
  return null;
}

const NAMED = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['pageUp', 'page_up'],
  ['pageDown', 'page_down'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  // Most terminals send this for the backspace key.
  ['delete', 'backspace'],
] as const;

/** Maps a key for the screen; null if unused. Pasted text loses its control characters. */
export function readKey(input: string, pressed: InkKey): Key | null {
  const named = NAMED.find(([name]) => pressed[name]);
  if (named !== undefined) return { kind: named[1] };
  if (pressed.ctrl) {
    if (input === 'c') return { kind: 'interrupt' };
    return input === 'u' ? { kind: 'clear' } : null;
  }
  const text = pressed.meta || pressed.tab ? '' : input.replaceAll(/\p{C}/gu, '');
  return text === '' ? null : { kind: 'text', text };
}
