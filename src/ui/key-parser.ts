import type { Key, NamedKey } from './key.ts';

const ESCAPE = '\x1b';
const PASTE_BEGINS = '200~';
const PASTE_ENDS = `${ESCAPE}[201~`;
/** Longer pasted text is cut, because no field holds it. In characters. */
const PASTE_MAX = 10_000;

const CONTROLS: Readonly<Record<string, NamedKey>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\b': 'backspace',
  // Most terminals send this for the backspace key.
  '\x7f': 'backspace',
  '\x03': 'interrupt',
  '\x15': 'clear',
  '\x1a': 'suspend',
};

/** By the last letter of a sequence (ECMA-48, section 5.4; xterm control sequences, "PC-Style Function Keys"). */
const LETTERS: Readonly<Record<string, NamedKey>> = { A: 'up', B: 'down', H: 'home', F: 'end' };

/** By the first number of a sequence that ends in `~`. */
const NUMBERS: Readonly<Record<string, NamedKey>> = {
  1: 'home',
  3: 'backspace',
  4: 'end',
  5: 'page_up',
  6: 'page_down',
  7: 'home',
  8: 'end',
};

/**
 * Splits what a terminal in raw mode sends into keys, however it was cut into chunks: keys that were typed quickly arrive
 * together, and a slow line splits the sequence of one key. Sequences without a meaning here are dropped.
 */
export class KeyParser {
  /** Begins with an escape: the part of a sequence, or of a paste, that has arrived. */
  #rest = '';

  /** Whether the last character was an escape, which may be a key or the beginning of a sequence: only time tells. */
  get isAmbiguous(): boolean {
    return this.#rest === ESCAPE;
  }

  /** The keys that are complete. The rest is kept for the next chunk. */
  push(chunk: string): readonly Key[] {
    const keys: Key[] = [];
    let text = this.#rest + chunk;
    while (text !== '') {
      const read = readOne(text);
      if (read === null) break;
      if (read.key !== null) keys.push(read.key);
      text = text.slice(read.length);
    }
    // The end of a paste may itself be split.
    this.#rest = text.length <= PASTE_MAX ? text : text.slice(0, PASTE_MAX) + text.slice(1 - PASTE_ENDS.length);
    return keys;
  }

  /** No more followed an escape for a while, so it was the key. */
  flush(): readonly Key[] {
    if (!this.isAmbiguous) return [];
    this.#rest = '';
    return [{ kind: 'escape' }];
  }
}

interface Read {
  /** Null if it means nothing here. */
  readonly key: Key | null;
  readonly length: number;
}

/** Reads one key; null while it is incomplete. */
function readOne(text: string): Read | null {
  if (text.startsWith(ESCAPE)) return readEscape(text);
  const [character = ''] = text;
  const control = CONTROLS[character];
  if (control !== undefined) return { key: { kind: control }, length: 1 };
  const typed = withoutControls(character);
  return { key: typed === '' ? null : { kind: 'text', text: typed }, length: character.length };
}

function readEscape(text: string): Read | null {
  const second = text[1];
  if (second === undefined) return null;
  if (second === 'O') return text.length < 3 ? null : { key: named(LETTERS[text[2] ?? '']), length: 3 };
  // An escape that was typed just before another key; no key has a meaning together with Alt.
  if (second !== '[') return { key: { kind: 'escape' }, length: 1 };
  if (text.startsWith(PASTE_BEGINS, 2)) return readPaste(text);
  // Parameters, intermediate characters and the final one; anything else breaks the sequence off and is read anew.
  const [sequence = '', numbers = '', final = ''] = /^..([0-?]*)[ -/]*([@-~]?)/su.exec(text) ?? [];
  if (final === '') return sequence.length < text.length ? { key: null, length: sequence.length } : null;
  const key = final === '~' ? NUMBERS[numbers.split(';', 1)[0] ?? ''] : LETTERS[final];
  return { key: named(key), length: sequence.length };
}

function readPaste(text: string): Read | null {
  const begin = 2 + PASTE_BEGINS.length;
  const end = text.indexOf(PASTE_ENDS, begin);
  if (end === -1) return null;
  return { key: { kind: 'paste', text: withoutControls(text.slice(begin, end)) }, length: end + PASTE_ENDS.length };
}

function named(kind: NamedKey | undefined): Key | null {
  return kind === undefined ? null : { kind };
}

/** Also without invisible characters, such as those that turn the direction of text. */
function withoutControls(text: string): string {
  return text.replaceAll(/\p{C}/gu, '');
}
