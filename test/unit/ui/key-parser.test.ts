import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyParser } from '../../../src/ui/key-parser.ts';
import type { Key } from '../../../src/ui/key.ts';

const text = (letters: string): readonly Key[] => Array.from(letters, (letter) => ({ kind: 'text', text: letter }));

function parse(...chunks: readonly string[]): readonly Key[] {
  const parser = new KeyParser();
  return [...chunks.flatMap((chunk) => parser.push(chunk)), ...parser.flush()];
}

const ENTER: Key = { kind: 'enter' };

describe('KeyParser', () => {
  it.each<[string, string, readonly Key[]]>([
    ['a letter', 'j', text('j')],
    ['letters that arrive together', 'jkj', text('jkj')],
    ['a field and the enter behind it', '10m\r', [...text('10m'), ENTER]],
    ['line ends of both kinds', '\r\n', [ENTER, ENTER]],
    ['both codes for backspace', '\x7f\b', [{ kind: 'backspace' }, { kind: 'backspace' }]],
    ['Ctrl-C, Ctrl-U and Ctrl-Z', '\x03\x15\x1a', [{ kind: 'interrupt' }, { kind: 'clear' }, { kind: 'suspend' }]],
    ['arrows', '\x1b[A\x1b[B', [{ kind: 'up' }, { kind: 'down' }]],
    ['arrows of the application mode', '\x1bOA\x1bOB', [{ kind: 'up' }, { kind: 'down' }]],
    ['an arrow with a modifier', '\x1b[1;5B', [{ kind: 'down' }]],
    ['home and end, in every form', '\x1b[H\x1bOF\x1b[1~\x1b[8~', ['home', 'end', 'home', 'end'].map(toKey)],
    ['pages, and the key for deletion', '\x1b[5~\x1b[6~\x1b[3~', ['page_up', 'page_down', 'backspace'].map(toKey)],
    ['escape', '\x1b', [{ kind: 'escape' }]],
    ['escape and a key typed just behind it', '\x1bq', [{ kind: 'escape' }, ...text('q')]],
    ['two escapes', '\x1b\x1b', [{ kind: 'escape' }, { kind: 'escape' }]],
    ['an arrow behind an escape', '\x1b\x1b[B', [{ kind: 'escape' }, { kind: 'down' }]],
    ['nothing in reports of the terminal', '\x1b[I\x1b[?1;2c\x1b[24;80R\x1b[<0;3;4Mj', text('j')],
    ['nothing in other keys', '\x1bOP\x1b[15~\x1b[C\t\x01j', text('j')],
    ['no escape that breaks a sequence off', '\x1b[1\x1b[A', [{ kind: 'up' }]],
    [
      'pasted text, without its control characters',
      '\x1b[200~S3 is\r\nback\x1b[2J\x1b[201~j',
      [{ kind: 'paste', text: 'S3 isback[2J' }, ...text('j')],
    ],
    ['characters beyond the first plane', '😀é', text('😀é')],
  ])('knows %s', (_what, sent, keys) => {
    expect(parse(sent)).toEqual(keys);
  });

  it('finds the same keys wherever the input is cut', () => {
    const piece = fc.constantFrom('j', '10m\r', '\x1b[A', '\x1bOB', '\x1b[6~', '\x1b[200~a\rb\x1b[201~', '\x7f', 'é');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(40)), (pieces, cuts) => {
        const sent = pieces.join('');
        const places = [0, ...cuts.filter((cut) => cut < sent.length).toSorted((a, b) => a - b), sent.length];
        const chunks = places.slice(1).map((place, index) => sent.slice(places[index], place));
        expect(parse(...chunks)).toEqual(parse(sent));
      }),
    );
  });

  it('takes an escape for a key only when asked, and when nothing but it is left', () => {
    const parser = new KeyParser();
    expect([parser.push('\x1b'), parser.isAmbiguous]).toEqual([[], true]);
    expect([parser.push('['), parser.isAmbiguous, parser.flush()]).toEqual([[], false, []]);
    expect(parser.push('B')).toEqual([{ kind: 'down' }]);
  });

  it('keeps little of a paste that does not end, and still finds its end', () => {
    const parser = new KeyParser();
    parser.push('\x1b[200~');
    for (let count = 0; count < 100; count += 1) parser.push('x'.repeat(10_000));
    parser.push('\x1b[20');
    const [paste, ...rest] = parser.push('1~j');
    expect(paste?.kind === 'paste' && paste.text.length).toBeLessThan(20_000);
    expect(rest).toEqual(text('j'));
  });
});

function toKey(kind: string): Key {
  return { kind } as Key;
}
