import { assert, constantFrom, array, property, string } from 'fast-check';
import picomatch from 'picomatch';
import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../src/pattern-program.ts';
import { parsePatternSource } from '../../src/pattern-syntax.ts';

/** Pieces of globs, so that their combinations are often valid and often match. */
const GLOB = array(
  constantFrom(
    '*',
    '**',
    '**/',
    '/',
    '?',
    'a',
    'b',
    '.',
    '..',
    '-',
    '[ab]',
    '[!a]',
    '[^a-c/]',
    '[[:alpha:]]',
    '[',
    ']',
    '{a,b}',
    '{a,*b,}',
    '{',
    ',',
    '}',
    '{1..3}',
    '!(a*)',
    '@(a|b)',
    '?(a)',
    '*(ab)',
    '+(a|b)',
    '(',
    '|',
    ')',
    '+',
    String.raw`\*`,
    String.raw`\d`,
    '"',
    '$',
    '^',
    'é',
    '\u{1f600}',
  ),
  { minLength: 1, maxLength: 7 },
).map((parts) => parts.join(''));
const KEY = array(constantFrom('a', 'b', 'c', '/', '.', '-', '1', '*', '\n', 'é', '\u{1f600}'), { maxLength: 10 }).map(
  (parts) => parts.join(''),
);

function matcherOf(source: string): (text: string) => boolean {
  const node = parsePatternSource(source);
  if (node === null) throw new Error(`cannot read ${source}`);
  return compilePattern(node);
}

describe('compilePattern', () => {
  it("agrees with JavaScript's engine on whatever picomatch makes of a glob", () => {
    const options = { dot: true, nonegate: true, strictSlashes: true };
    const sample = property(GLOB, array(KEY, { minLength: 1, maxLength: 8 }), (glob, keys) => {
      const expression = picomatch.makeRe(glob, options);
      const matches = matcherOf(expression.source);
      for (const key of keys) expect([key, matches(key)]).toEqual([key, expression.test(key)]);
    });
    assert(sample, { numRuns: 3000 });
  });

  it.each([
    'a{2,3}',
    'a{2}b{1,}',
    '(?:a?)*b',
    '(a|ab)(c|bcd)',
    '[^\\]]+',
    '\\x61\\u0062',
    'a|b',
    '(?=a)[ab]{2}',
    'a{,2}',
  ])('agrees with it on %s', (source) => {
    const whole = `^(?:${source})$`;
    const matches = matcherOf(whole);
    const sample = property(string({ unit: constantFrom('a', 'b', 'c', 'd', ']', '{', ',', '2', '}') }), (text) => {
      expect(matches(text)).toBe(new RegExp(whole).test(text));
    });
    assert(sample);
  });

  it.each([String.raw`(a)\1`, String.raw`\bab`, '(?<=a)b', '(?<n>a)', 'a{1,9999}', '(a', 'a)', '*'])(
    'does not read %s',
    (source) => {
      expect(parsePatternSource(source)).toBeNull();
    },
  );
});
