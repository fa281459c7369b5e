import { after } from '../abort.ts';
import type { Clock } from '../clock.ts';
import { KeyParser } from './key-parser.ts';
import type { Key } from './key.ts';

/** How long the rest of a sequence may take after its escape, in ms: less than a person notices, more than a line needs. */
const SEQUENCE_WITHIN_MS = 100;

interface KeyboardOptions {
  /** Must be a terminal. */
  readonly stdin: NodeJS.ReadStream;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly onKey: (key: Key) => void;
  /** The terminal has been closed. May be called again. */
  readonly onGone: () => void;
}

/** Reads keys while it is open, in raw mode. It begins closed. */
export interface Keyboard {
  /** Idempotent. */
  readonly open: () => void;
  /** Restores the mode of the terminal. Idempotent. */
  readonly close: () => void;
}

export function createKeyboard({ stdin, clock, onKey, onGone }: KeyboardOptions): Keyboard {
  const parser = new KeyParser();
  let timer: Disposable | null = null;
  let isOpen = false;
  const read = (chunk: Buffer | string): void => {
    timer?.[Symbol.dispose]();
    for (const key of parser.push(String(chunk))) onKey(key);
    if (!parser.isAmbiguous) return;
    timer = after(clock, SEQUENCE_WITHIN_MS, () => {
      for (const key of parser.flush()) onKey(key);
    });
  };
  // Added once and kept: without it, a terminal that has gone would end the process with a stack.
  stdin.on('error', onGone);
  stdin.on('end', onGone);
  stdin.on('close', onGone);
  stdin.setEncoding('utf8');
  return {
    open: () => {
      if (isOpen) return;
      isOpen = true;
      stdin.setRawMode(true);
      stdin.on('data', read);
      stdin.resume();
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      timer?.[Symbol.dispose]();
      stdin.off('data', read);
      stdin.pause();
      stdin.setRawMode(false);
    },
  };
}
