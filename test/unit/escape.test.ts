import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeControls } from '../../src/escape.ts';

describe('escapeControls', () => {
  it.each([
    ['plain name.txt', 'plain name.txt'],
    ['a\nb\r\tc', 'a\\nb\\r\\tc'],
    ['\u0000', '\\x00'],
    ['\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    ['\u007f\u0085\u009b', '\\x7f\\x85\\x9b'],
    ['a\u2028b\u2029', 'a\\u2028b\\u2029'],
    // Shown as exe.txt by a terminal that obeys.
    ['\u202etxt.exe', '\\u202etxt.exe'],
    ['\u2066a\u2069', '\\u2066a\\u2069'],
    ['\u061c', '\\u061c'],
    ['schön 日本 👩‍👩‍👧', 'schön 日本 👩‍👩‍👧'],
    ['back\\slash', 'back\\slash'],
  ])('shows %j as %j', (text, shown) => {
    expect(escapeControls(text)).toBe(shown);
  });

  it('leaves nothing that moves a cursor, begins a line or reorders text, of all there is', () => {
    const all = Array.from({ length: 0x11_00_00 }, (_, code) => String.fromCodePoint(code)).join('');
    expect(escapeControls(all).match(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu)).toBeNull();
  });

  it('changes nothing when it is done twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = escapeControls(text);
        expect(escapeControls(once)).toBe(once);
      }),
    );
  });
});
