import { describe, expect, it } from 'vitest';
import { measureColumns } from '../../../src/ui/frame.ts';
import { wrapText } from '../../../src/ui/wrap.ts';

describe('wrapText', () => {
  it.each<[string, string, number, readonly string[]]>([
    ['leaves what fits', 'as it is', 8, ['as it is']],
    ['breaks at spaces', 'one two three', 9, ['one two', 'three']],
    ['breaks inside a word that is longer than a line', 'abcdefgh', 3, ['abc', 'def', 'gh']],
    ['fills the line before such a word', 'a bcdefgh', 4, ['a bc', 'defg', 'h']],
    ['keeps the start of the line', '   one two three four', 14, ['   one two', 'three four']],
    ['counts wide characters as two', '数据 迁移', 5, ['数据', '迁移']],
    ['does not split a wide character', '数据', 3, ['数', '据']],
    ['keeps a mark with its letter', 'e\u0301e\u0301e\u0301', 2, ['e\u0301e\u0301', 'e\u0301']],
    ['has no width below that of a character', '数据', 1, ['数', '据']],
  ])('%s', (_rule, text, columns, lines) => {
    expect(wrapText(text, { columns })).toEqual(lines);
  });

  it('starts further lines with the indent, unless too little would be left', () => {
    expect(wrapText('  one two three four', { columns: 16, indent: '    ' })).toEqual(['  one two three', '    four']);
    expect(wrapText('one two', { columns: 5, indent: '    ' })).toEqual(['one', 'two']);
  });

  it('has no line that is wider, at any width', () => {
    const text = `  put failed: ${'数e\u0301'.repeat(20)} at ${'k'.repeat(70)}`;
    for (let columns = 2; columns < 120; columns += 1) {
      const lines = wrapText(text, { columns, indent: '    ' });
      expect(Math.max(...lines.map(measureColumns))).toBeLessThanOrEqual(columns);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
    }
  });
});
